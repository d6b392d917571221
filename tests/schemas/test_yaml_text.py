"""A text is read as a person reads it, or refused in words; nothing in it can take long or run."""

import math
import pathlib
import time

import pytest

from tapeline.schemas.errors import ConfigError
from tapeline.schemas.yaml_text import MOST_BYTES, MOST_LEVELS, read_file, read_json, read_text


def value(text: str) -> object:
    return read_text(text, origin="test")[0]


def refusal(text: str) -> str:
    started = time.perf_counter()
    with pytest.raises(ConfigError) as caught:
        read_text(text, origin="sales.yaml")
    assert time.perf_counter() - started < 5
    message = str(caught.value)
    assert message.startswith("sales.yaml: ")
    assert len(message) < 10_000
    return message


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("24", 24),
        ("-1", -1),
        ("+5", 5),
        ("0.5", 0.5),
        (".5", 0.5),
        ("7.", 7.0),
        ("1e-3", 0.001),
        ("1E+3", 1000.0),
        ("-.inf", -math.inf),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("!!str 24", "24"),
        ("!!float 7", 7.0),
        ("'24'", "24"),
    ],
)
def test_scalars_are_what_yaml_1_2_and_json_take_them_for(text: str, meaning: object) -> None:
    read = value(text)
    assert (read, type(read)) == (meaning, type(meaning))


@pytest.mark.parametrize("text", ["030", "1:30", "1:30.5", "1_000", "0x1F", "0b11", "0o7", "yes", "no", "2020-01-01"])
def test_what_only_older_yaml_reads_as_something_else_stays_text(text: str) -> None:
    assert value(text) == text


def test_keys_are_text() -> None:
    assert value("{1: a, on: b, null: c}") == {"1": "a", "on": "b", "null": "c"}


def test_aliases_and_merged_mappings_mean_what_they_repeat() -> None:
    assert value("a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, x: 3}") == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 2},
        "c": {"x": 3, "y": 2},
    }
    assert value("a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}")["c"] == {"x": 1, "y": 2}  # type: ignore[index]
    assert "c.<< (line 1): only mappings can be merged" in refusal("c: {<<: 3}")


def test_every_key_that_stands_there_twice_is_named_with_both_lines() -> None:
    message = refusal("name: a\npush: {keep: 1}\ngate:\n  season: 7\n  season: 7\npush: {keep: 2}\n")
    assert "2 mistakes" in message
    assert "gate.season (line 5): stands there twice, first in line 4. Remove one of them." in message
    assert "push (line 6): stands there twice, first in line 2." in message


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a: [", "not readable as YAML: line 1, column 5"),
        ("a: 1\n---\nb: 2", "expected a single document"),
        ("x: *nowhere", "undefined alias"),
        ('x: "\\U00110000"', "not readable as YAML"),
        ('x: "\\ud800"', "no text may have"),
        ('x: "a\\0"', "no text may have"),
        ("x: a\x01", "not readable as YAML"),
        ("[a]: 1", "cannot be a key"),
        ("x: !!int x", "x (line 1): the tag !!int does not fit 'x'. Remove the tag"),
        ("x: !!bool maybe", "the tag !!bool does not fit"),
        ("x: !!timestamp 2020-02-31", "the tag 'timestamp' has no meaning here"),
        ("x: !!python/object/apply:os.getcwd []", "has no meaning here"),
        ("x: !secret 7", "the tag '!secret' has no meaning here"),
        ("x: !!set {a, b}", "the tag 'set' has no meaning here"),
        ("x: " + "9" * 5000, "x (line 1): is a number of 5,000 characters"),
        ("x: 0." + "9" * 5000, "is a number of 5,002 characters"),
        ("x: " + "[" * 700, f"more than {MOST_LEVELS} levels"),
        ("x: " + "[" * 700 + "]" * 700, f"more than {MOST_LEVELS} levels"),
        ("x: &x [*x]", f"{MOST_LEVELS} levels"),
        (
            "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 20)),
            "aliases",
        ),
        ("x" * (MOST_BYTES + 1), "Give at most"),
    ],
)
def test_what_is_no_configuration_is_refused_at_once(text: str, rule: str) -> None:
    message = refusal(text)
    assert rule in message
    assert all(character.isprintable() or character == "\n" for character in message)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("unit: m²".encode("latin-1"), r"--config: '.*' is not UTF-8: byte 8 is 0xB2\. Save it as UTF-8"),
        ("a: b".encode("utf-16"), "is not UTF-8"),
        (b"#" * (MOST_BYTES + 1), "has more than 512 KiB"),
        (b"\xc3\xa4" * MOST_BYTES, "has more than 512 KiB"),
        (b"a: [", "--config: .*x.yaml: not readable as YAML"),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path: pathlib.Path, content: bytes, rule: str) -> None:
    (tmp_path / "x.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match=rule):
        read_file(tmp_path / "x.yaml", option="--config", fix="Give another.")


@pytest.mark.parametrize(("name", "rule"), [("x" * 5000, "cannot be read"), ("a\0b", "no file"), ("", "no file")])
def test_a_path_that_is_none_is_refused(name: str, rule: str) -> None:
    with pytest.raises(ConfigError, match=rule):
        read_file(name, option="--config", fix="Give another.")


def test_json_may_write_whole_numbers_with_a_point() -> None:
    assert read_json('{"a": 24.0, "b": 0.5, "c": [1, null, true], "d": "x"}', origin="test") == {
        "a": 24,
        "b": 0.5,
        "c": [1, None, True],
        "d": "x",
    }


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{", "not readable as JSON"),
        ('{"a": 1, "a": 2}', "the key 'a' stands there twice"),
        ('{"a": ' + "9" * 5000 + "}", "a number has 5,000 characters"),
        ("[" * 100_000, "not readable as JSON"),
        ("[" * 50 + "]" * 50, f"{MOST_LEVELS} levels"),
        ('"\\ud800"', "no text may have"),
    ],
)
def test_json_is_refused_under_the_same_rules(text: str, rule: str) -> None:
    with pytest.raises(ConfigError, match=r"^--config-json: .*Correct the syntax\.$") as caught:
        read_json(text, origin="--config-json")
    assert rule in str(caught.value)
    assert str(caught.value).isprintable()
