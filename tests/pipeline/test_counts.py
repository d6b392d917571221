"""What stands behind a component's time: rows and windows by split."""

from tapeline.pipeline.console import counts_in_words

ROWS = {"train_rows": 1599, "eval_rows": 342, "test_rows": 343, "unused_rows": 0, "train_start": "1958"}
WINDOWS = {"series": 12, "train_windows": 70_000, "eval_windows": 15, "test_windows": 14}


def test_rows_are_summed_and_told_by_split() -> None:
    assert counts_in_words([ROWS]) == "2,284 rows: 1,599 train, 342 eval, 343 test"
    # Rows outside the splits are told where there are any; they are not in the sum.
    assert counts_in_words([{**ROWS, "unused_rows": 8}]).endswith(
        "2,284 rows: 1,599 train, 342 eval, 343 test, 8 unused"
    )


def test_spans_are_named() -> None:
    assert counts_in_words([{**ROWS, "span": 7, "first_span": 7}]).startswith("span 7; 2,284 rows")
    assert counts_in_words([{**ROWS, "span": 7, "first_span": 5}]).startswith("spans 5 to 7; ")


def test_the_artifact_with_all_splits_speaks_for_the_component() -> None:
    scored = {"series": 12, "eval_windows": 15, "test_windows": 14}
    found = counts_in_words([scored, {**WINDOWS, "unmeasured_windows": 3}])
    assert found == "12 series; 70,029 windows: 70,000 train, 15 eval, 14 test, 3 unmeasured"


def test_artifacts_without_counts_say_nothing() -> None:
    assert counts_in_words([{}, {"span": 0}]) == ""
    assert counts_in_words([]) == ""


def test_what_a_gate_found_stands_in_place_of_numbers() -> None:
    assert counts_in_words([{"in_words": "REFUSED: too slow"}]) == "REFUSED: too slow"
