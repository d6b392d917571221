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
    packages=setuptools.find_packages(include=["pipeline*", "components*", "schemas*"]),
    package_data={"schemas": ["*.json", "*/schema.pbtxt"], "components": ["**/*.html", "**/*.css", "**/*.j2"]},
    install_requires=requirements("requirements.in"),
    extras_require={
        "kubeflow": requirements("requirements-kubeflow.in"),
        "onnx": requirements("requirements-onnx.in"),
    },
    entry_points={"console_scripts": ["tapeline = pipeline.cli:main"]},
)
