"""Packages Tapeline: `pip install .`, and the wheel that Beam workers get."""

import pathlib

import setuptools

ROOT = pathlib.Path(__file__).parent


def requirements(name: str) -> list[str]:
    """Reads direct dependencies, which the lock pins further."""
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    return [line for line in lines if line]


setuptools.setup(
    name="tapeline",
    version="0.1.0",
    description="A validated, gated, servable forecaster from a CSV of time series, on TFX.",
    python_requires=">=3.10,<3.14",
    # `tapeline/` links to the rooms at the top of the repository: one package is what others get.
    packages=setuptools.find_packages(include=["tapeline", "tapeline.*"]),
    package_data={
        "tapeline": ["py.typed"],
        "tapeline.schemas": ["*.json", "*/schema.pbtxt"],
        "tapeline.series": ["**/*.css", "**/*.j2", "**/*.js", "**/*.LICENSE.txt"],
    },
    license="Apache-2.0",
    license_files=["LICENSE"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "License :: OSI Approved :: Apache Software License",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3 :: Only",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 14)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
    keywords="time series forecasting tfx tensorflow lstm apache-beam kubeflow",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    install_requires=requirements("requirements.in"),
    extras_require={
        "kubeflow": requirements("requirements-kubeflow.in"),
        "onnx": requirements("requirements-onnx.in"),
    },
    entry_points={"console_scripts": ["tapeline = tapeline.cli.main:entry"]},
)
