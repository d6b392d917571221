import dataclasses
import itertools
import json

from tapeline.components.data_gate.gate_report import Report
from tapeline.components.data_gate.totals import SplitTotal
from tapeline.series.checks.findings import MAX_SERIES, Finding, FindingGroup, listing, plural, time_text

GAP = Finding(
    kind="gap",
    severity="error",
    series_id="oil",
    column="target",
    message="1 gap longer than checks.max_gap (3 steps): 9 steps from 2001-01-01 to 2001-01-09.",
    fix="fill it.",
)
DRIFT = Finding(kind="drift", severity="warning", column="wind", split="test", message="far off.", fix="none.")
SPLITS = (SplitTotal(70, 0, 86_400, 12, 70), SplitTotal(15, 172_800, 172_801, None, 15), SplitTotal())


def report(*findings: Finding) -> Report:
    return Report.gather([FindingGroup.of(finding) for finding in findings], splits=SPLITS, series=2)


def test_the_report_is_readable_as_text() -> None:
    assert report(DRIFT, GAP).text() == (
        "Data gate: REFUSED (1 error, 1 warning)\n"
        "\n"
        "2 series\n"
        "  train 70 rows, 1970-01-01 to 1970-01-02, 12 windows\n"
        "  eval  15 rows, 1970-01-03 to 1970-01-03T00:00:01Z, windows not counted\n"
        "  test  no rows\n"
        "\n"
        "Errors\n"
        "  1. [gap] series 'oil', target: 1 gap longer than checks.max_gap (3 steps): "
        "9 steps from 2001-01-01 to 2001-01-09.\n"
        "     Fix: fill it.\n"
        "\n"
        "Warnings\n"
        "  1. [drift] column 'wind', test: far off.\n"
        "     Fix: none.\n"
    )


def test_a_sample_is_told_to_readers_and_machines() -> None:
    sampled = Report.gather([], splits=SPLITS, series=2, one_row_in={"train": 1000, "eval": 2})
    words = "Schema and drift were judged on a sample (checks.statistics_rows): one row in 1,000 of train, one row in 2 of eval."
    assert words in sampled.text().splitlines()
    assert json.loads(sampled.as_json())["sampled"] == words
    assert json.loads(report().as_json())["sampled"] == ""


def test_warnings_alone_do_not_refuse() -> None:
    assert not report(DRIFT).refused
    assert report(DRIFT).text().startswith("Data gate: PASSED (0 errors, 1 warning)\n")
    assert report(DRIFT, GAP).refused


def test_the_refusal_lists_errors_only() -> None:
    assert report(DRIFT, GAP).refusal(report="/there/report.txt") == (
        "the data gate refuses the data (2 series, 85 rows): 1 error, 1 warning\n"
        "  [gap] series 'oil', target: 1 gap longer than checks.max_gap (3 steps): "
        "9 steps from 2001-01-01 to 2001-01-09. Fix: fill it.\n"
        "The whole report: /there/report.txt"
    )


def test_a_long_refusal_is_cut_and_says_how_much_it_leaves_out() -> None:
    group = FindingGroup()
    for number in range(50):
        group = group.merge(FindingGroup.of(dataclasses.replace(GAP, series_id=f"s{number:02}")))
    whole = Report.gather([group], splits=SPLITS, series=50)
    assert whole.count("error") == 50
    lines = whole.refusal(report="r.txt").splitlines()
    # The heading, 18 findings, what is left out, where the report is.
    assert len(lines) == 21
    assert lines[-2] == "  ... and 32 more."
    assert "     ... and 30 more of [gap], not listed." in whole.text().splitlines()


def test_the_order_of_merging_does_not_matter() -> None:
    groups = [
        FindingGroup.of(dataclasses.replace(GAP, series_id=name, message=message))
        for name, message in (("a", "x"), ("b", "x"), ("a", "y"))
    ]
    merged = {one.merge(two).merge(three) for one, two, three in itertools.permutations(groups)}
    assert len(merged) == 1


def test_merging_with_the_empty_group_changes_nothing() -> None:
    group = FindingGroup.of(GAP)
    assert group.merge(FindingGroup()) == group
    assert FindingGroup().merge(group) == group


def test_a_group_does_not_grow_with_the_number_of_series() -> None:
    group = FindingGroup()
    for number in range(1000):
        group = group.merge(FindingGroup.of(dataclasses.replace(GAP, series_id=f"s{number:04}")))
    assert len(group.shown) == MAX_SERIES
    assert group.total == 1000
    assert group.shown[0].series_id == "s0000"


def test_split_totals_add_up_and_an_unknown_count_stays_unknown() -> None:
    assert SPLITS[0].merge(SplitTotal(5, -1, 7, 3, 80)) == SplitTotal(75, -1, 86_400, 15, 80)
    one, two = SplitTotal(measured={"target": 3, "wind": 1}), SplitTotal(measured={"target": 4})
    assert one.merge(two).measured == {"target": 7, "wind": 1}
    assert SPLITS[0].merge(SPLITS[1]).windows is None
    assert SPLITS[2].merge(SPLITS[0]) == SPLITS[0]


def test_the_json_report_holds_every_finding() -> None:
    tree = json.loads(report(DRIFT, GAP).as_json())
    assert tree["refused"] is True
    assert (tree["errors"], tree["warnings"], tree["series"]) == (1, 1, 2)
    assert [finding["kind"] for finding in tree["findings"]] == ["gap", "drift"]
    assert tree["splits"]["train"]["windows"] == 12


def test_the_only_series_is_not_named() -> None:
    assert dataclasses.replace(GAP, series_id="series").place == "target: "


def test_texts_of_counts_times_and_lists() -> None:
    assert plural(1, "row") == "1 row"
    assert plural(2000, "row") == "2,000 rows"
    assert time_text(1_009_584_000) == "2001-12-29"
    assert time_text(1_009_584_000 + 5_400) == "2001-12-29T01:30:00Z"
    assert time_text(10**12) == "1000000000000 s since 1970"
    assert listing(["a", "b"]) == "a, b"
    assert listing(["a", "b"], total=9) == "a, b, ..."
