"""What workers of ingest and the data gate run imports neither TensorFlow nor TFX: every worker would wait for it."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
SLOW = {"tensorflow", "tensorflow_data_validation", "tensorflow_transform", "tfx", "tensorflow_model_analysis"}


def imported(module: str) -> set[str]:
    """All modules that importing one imports, of the product's and of others; imports inside functions are not made."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = ROOT / pathlib.Path(*name.split(".")[1:]).with_suffix(".py")
        if name in found:
            continue
        found.add(name)
        if name.startswith("tapeline.") and path.is_file():
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.Import):
                    waiting += [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    waiting += [f"{node.module}", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


@pytest.mark.parametrize(
    "module",
    [
        "tapeline.series.sources.beam_scanning",
        "tapeline.components.ingest.beam_writing",
        "tapeline.series.grouping.beam_groups",
        "tapeline.series.grouping.rows_io",
        "tapeline.components.data_gate.series_checks",
    ],
)
def test_a_worker_starts_without_tensorflow(module: str) -> None:
    found = imported(module)
    assert "apache_beam" in found or "numpy" in found
    assert {name.split(".")[0] for name in found} & SLOW == set()


def test_a_module_that_needs_tensorflow_is_seen_to() -> None:
    assert "tensorflow" in imported("tapeline.components.transform.beam_windowing")
