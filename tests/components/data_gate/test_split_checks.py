import dataclasses

from tapeline.components.data_gate.split_checks import check_splits
from tapeline.components.data_gate.totals import SplitTotal
from tapeline.schemas.sections import SplitConfig
from tapeline.schemas.window_spec import WindowSpec

SPEC = WindowSpec(context_length=104, horizon=24)
DAY = 86_400
TRAIN = SplitTotal(700, 0, 699 * DAY, 573, 700)
EVAL = SplitTotal(150, 700 * DAY, 849 * DAY, 127, 150)
TEST = SplitTotal(150, 850 * DAY, 999 * DAY, 127, 150)


def messages(*splits: SplitTotal, split: SplitConfig | None = None) -> dict[str, str]:
    findings = list(check_splits(splits, spec=SPEC, split=split or SplitConfig()))
    assert all(finding.severity == "error" for finding in findings)
    return {finding.split or finding.kind: finding.message for finding in findings}


def test_splits_in_the_order_of_time_with_windows_pass() -> None:
    assert messages(TRAIN, EVAL, TEST) == {}


def test_a_split_without_rows_or_windows_is_an_error() -> None:
    short = SplitTotal(8, 850 * DAY, 857 * DAY, 0, 8)
    assert messages(TRAIN, EVAL, short) == {
        "test": "no window fits: the longest series has 8 steps, "
        "one takes window.horizon, 24, after window.min_context, 104."
    }
    assert messages(TRAIN, SplitTotal(), TEST) == {"eval": "no rows."}


def test_windows_that_were_not_counted_are_not_missing() -> None:
    assert messages(SplitTotal(700, 0, 699 * DAY, None, 700), EVAL, TEST) == {}


def test_splits_that_share_a_time_overlap() -> None:
    late = SplitTotal(700, 0, 700 * DAY, 573, 700)
    assert messages(late, EVAL, TEST) == {
        "split_overlap": "train ends at 1971-12-02, eval begins at 1971-12-02: "
        "the model would be judged on times that it learned from."
    }


def test_splits_overlap_over_all_series_where_each_is_cut_by_its_own_end() -> None:
    late = SplitTotal(700, 0, 900 * DAY, 573, 700)
    assert messages(late, EVAL, TEST, split=SplitConfig(eval_steps=24, test_steps=24)) == {}


def test_a_column_that_is_empty_in_one_split_only_is_an_error() -> None:
    full = [
        dataclasses.replace(total, measured={"target": 100, "wind": 100, "rain": 0}) for total in (TRAIN, EVAL, TEST)
    ]
    full[2] = dataclasses.replace(full[2], measured={"target": 100, "wind": 0, "rain": 0})
    assert messages(*full) == {"test": "not one value in 150 rows, and there are some in another split."}


def test_the_fix_shows_how_time_was_cut() -> None:
    by_date = SplitConfig(eval_start="2001-01-01", test_start="2002-01-01")
    (finding,) = check_splits((TRAIN, EVAL, SplitTotal()), spec=SPEC, split=by_date)
    assert "split.eval_start is 2001-01-01, split.test_start 2002-01-01" in finding.fix
    (finding,) = check_splits((TRAIN, EVAL, SplitTotal()), spec=SPEC, split=SplitConfig())
    assert "split is train 0.7, eval 0.15, test 0.15" in finding.fix
