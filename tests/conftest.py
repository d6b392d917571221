"""Set-up shared by all tests: Keras 3, no GPU, quiet TensorFlow."""

import os

import hypothesis

os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# How long an example takes says nothing on a busy machine. CI draws the same examples each time; others draw new ones.
hypothesis.settings.register_profile("local", deadline=None, max_examples=50)
hypothesis.settings.register_profile("ci", parent=hypothesis.settings.get_profile("local"), derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_configure() -> None:
    """Makes sure that an installed Tapeline is what is tested, where `make test-wheel` says so."""
    installed = os.environ.get("TAPELINE_INSTALLED")
    if installed:
        import tapeline

        assert str(tapeline.__file__).startswith(installed), tapeline.__file__
