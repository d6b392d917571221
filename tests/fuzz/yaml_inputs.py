"""Configuration files and `--set` texts: YAML that is broken, that says something else than it seems to, or too much."""

import pathlib
import re
from collections.abc import Callable
from random import Random

from tapeline.cli.arguments import read_config
from tapeline.schemas.config import Config
from tests.fuzz.cases import Mutation, collect
from tests.fuzz.oracle import faults_of
from tests.fuzz.reference_config import set_disagreements, text_disagreements

BASE = """\
name: sales
data:
  source: sales.csv
  time: ds
  target: y
  unit: kW
  series_id: null
  frequency: D
  timezone: Europe/Berlin
checks: {max_gap: 30, max_drift: 0.5}
split: {eval_start: 2020-01-01, test_start: 2021-01-01}
window:
  context_length: 28
  horizon: 7
model: {units: 32, lags: [7, 14], dropout: 0.1}
training:
  batch_size: 64
  epochs: 20
  learning_rate: 0.001
  seed: 1
gate:
  mae_scaled_below: 0.5
  season: 7
serving: {max_latency_ms: 250.0}
push: {keep: 5}
"""

WHOLE = ("context_length", "horizon", "units", "batch_size", "epochs", "seed", "season", "keep", "max_gap")
REAL = ("max_drift", "dropout", "learning_rate", "mae_scaled_below", "max_latency_ms")
WORDS = ("name", "source", "time", "target", "unit", "frequency", "timezone")
_SETTABLE = {
    "window": ("context_length", "horizon"),
    "training": ("batch_size", "epochs", "seed", "learning_rate"),
    "gate": ("season", "mae_scaled_below"),
    "push": ("keep",),
    "data": ("source", "time", "unit", "frequency", "timezone"),
    "model": ("units", "dropout"),
}

_SOUND_SET = re.compile(r"training\.seed=[0-9]{1,2}|gate\.mae_scaled_below=0\.[1-9]|split\.eval_start=2019-0[1-9]-01")

Text = str | bytes


def _value(keys: tuple[str, ...], change: Callable[[Random, str], str]) -> Callable[[Random], Text]:
    """Gives one of the keys another value."""

    def make(rng: Random) -> Text:
        key = rng.choice(keys)
        return re.sub(rf"\b{key}: ([^\s,}}]+)", lambda match: f"{key}: {change(rng, match.group(1))}", BASE, count=1)

    return make


def _more(text: Callable[[Random], str]) -> Callable[[Random], Text]:
    return lambda rng: BASE + text(rng)


def _bomb(rng: Random) -> Text:
    wide, levels = rng.randint(8, 10), 5
    lines = ["a0: &a0 [x, y]"]
    lines += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * wide)}]" for at in range(1, levels + 1)]
    return BASE + "\n".join(lines) + "\n"


def _bomb_in_a_key(rng: Random) -> Text:
    wide = rng.randint(8, 10)
    lists = "&b [x, x]"
    for _ in range(5):
        lists = f"[{lists}{', *b' * wide}]"
    lines = ["x0: &x0 [y, z]", *(f"x{at}: &x{at} [{', '.join([f'*x{at - 1}'] * wide)}]" for at in range(1, 6))]
    return "\n".join(lines) + "\n" + BASE.replace("target: y", "target: *x5")


def _flipped(rng: Random) -> Text:
    content = bytearray(BASE.encode())
    for _ in range(rng.randint(1, 3)):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(content)


def _twice(rng: Random) -> Text:
    lines = BASE.splitlines()
    at = rng.choice([at for at, line in enumerate(lines) if re.match(r" +\w+: \w", line) and "{" not in line])
    key, _, value = lines[at].partition(": ")
    lines.insert(at + 1, f"{key}: {int(value) + 1 if value.isdigit() else value}")
    return "\n".join(lines) + "\n"


def _digits(count: int) -> Callable[[Random, str], str]:
    return lambda rng, value: str(rng.randint(1, 9)) * count


_SYNTAX: dict[str, Callable[[Random], Text]] = {
    "sound": lambda rng: BASE.replace("seed: 1", f"seed: {rng.randint(0, 10**6)}"),
    "key twice in a section": _twice,
    "section twice": _more(lambda rng: f"push: {{keep: {rng.randint(6, 99)}}}\n"),
    "tabs": lambda rng: BASE.replace("  ", "\t", rng.randint(1, 5)),
    "cut short": lambda rng: BASE[: rng.randrange(len(BASE))],
    "bits turned over": _flipped,
    "Latin-1": lambda rng: BASE.replace("kW", "m²/°" + rng.choice("äöü")).encode("latin-1"),
    "UTF-16": lambda rng: BASE.encode(rng.choice(["utf-16", "utf-16-le"])),
    "byte order mark": lambda rng: b"\xef\xbb\xbf" + BASE.encode(),
    "control characters": lambda rng: BASE.replace("kW", f'"k{chr(rng.randint(1, 8))}W"'),
    "escape codes of a terminal": lambda rng: BASE.replace("horizon: 7", f'"horizon\\e[{rng.randint(30, 37)}m": 7'),
    "two documents": _more(lambda rng: "---\n" + BASE),
    "no mapping": lambda rng: rng.choice(["", "[]", "42", "- name: x", "null", "text", "# nothing\n"]),
    "deep nesting": _more(lambda rng: "x: " + "[" * rng.randint(500, 700)),
    "deep nesting, closed": _more(lambda rng: "x: " + "[" * (depth := rng.randint(500, 700)) + "]" * depth),
    "list that holds itself": _more(lambda rng: "x: &x [*x]\n"),
    "list that holds itself, in a known key": lambda rng: BASE.replace("lags: [7, 14]", "lags: &x [7, *x]"),
    "alias bomb": _bomb,
    "alias bomb in a known key": _bomb_in_a_key,
    "unknown alias": _value(WORDS, lambda rng, value: "*nowhere"),
    "merged sections": _more(lambda rng: "beam: &b {args: [x]}\n<<: {push: {keep: 9}}\n"),
    "Python objects": _value(WORDS, lambda rng, value: "!!python/object/apply:os.getcwd []"),
    "unknown tag": _value(WORDS + WHOLE, lambda rng, value: f"!secret {value}"),
    "tag that does not fit": _value(
        WHOLE + REAL,
        lambda rng, value: rng.choice(["!!int x", "!!float x", "!!bool maybe", "!!timestamp x", "!!int ''"]),
    ),
    "time that does not exist": lambda rng: BASE.replace("2020-01-01", "!!timestamp 2020-02-31"),
    "binary": _value(WORDS[1:5], lambda rng, value: "!!binary " + rng.choice(["aGk=", "%%", "aGk", "ä"])),
    "sets": _value(WORDS, lambda rng, value: "!!set {a, b}"),
    "keys that are no text": _more(lambda rng: rng.choice(["1: 2\n", "null: x\n", "on: 1\n", "1.5: x\n", "[a]: b\n"])),
    "keys that are no text, in a section": lambda rng: BASE.replace(
        "push: {", "push: {" + rng.choice(["1: 2, ", "null: x, ", "yes: 1, "])
    ),
    "unknown keys": _more(lambda rng: f"{''.join(rng.choices('abcdefgh', k=6))}: 1\n"),
    "an unknown key of many characters": _more(lambda rng: '"' + "k" * rng.randint(900, 1000) + '": 1\n'),
    "unknown keys by the thousand": _more(lambda rng: "".join(f"k{at}: 1\n" for at in range(rng.randint(300, 500)))),
    "a long text": _value(("name", "frequency", "timezone"), lambda rng, value: value * 20_000),
}

_VALUES: dict[str, Callable[[Random], Text]] = {
    "octal": _value(
        ("horizon", "epochs", "keep", "seed"), lambda rng, value: f"0{rng.randint(1, 7)}{rng.randint(0, 7)}"
    ),
    "base sixty": _value(
        ("horizon", "epochs", "max_gap"), lambda rng, value: f"{rng.randint(1, 9)}:{rng.randint(10, 59)}"
    ),
    "base sixty for a real number": _value(REAL, lambda rng, value: f"{rng.randint(1, 9)}:{rng.randint(10, 59)}.5"),
    "binary and hexadecimal": _value(WHOLE, lambda rng, value: rng.choice(["0b101", "0x1F", "0b11", "0x_f"])),
    "hexadecimal without a digit": _value(WHOLE, lambda rng, value: rng.choice(["0x_", "0b_", "-0x_"])),
    "underscores": _value(WHOLE, lambda rng, value: f"{rng.randint(1, 9)}_{rng.randint(0, 9)}"),
    "infinite": _value(REAL, lambda rng, value: rng.choice([".inf", ".Inf", "1e999", "1.0e+999"])),
    "not a number": _value(REAL, lambda rng, value: rng.choice([".nan", ".NaN", "nan"])),
    "true for a real number": _value(REAL[3:], lambda rng, value: rng.choice(["true", "yes", "on"])),
    "true for a whole number": _value(WHOLE, lambda rng, value: rng.choice(["true", "yes"])),
    "real for a whole number": _value(WHOLE, lambda rng, value: rng.choice(["7.0", "7.5", "1e1"])),
    "text for a whole number": _value(WHOLE, lambda rng, value: rng.choice(["'7'", "seven", "7 days"])),
    "text for a real number": _value(REAL, lambda rng, value: rng.choice(["half", "'0,5'", "0,5 %", "50%"])),
    "list for a value": _value(WHOLE + REAL + WORDS[:3], lambda rng, value: f"[{value}, {value}]"),
    "mapping for a value": _value(WHOLE + REAL + WORDS, lambda rng, value: f"{{a: {value}}}"),
    "nothing for a value": _value(WHOLE + REAL + WORDS, lambda rng, value: rng.choice(["", "null", "~"])),
    "value for a section": lambda rng: re.sub(r"window:\n.*\n.*\n", f"window: {rng.choice(['7', '[]', 'x'])}\n", BASE),
    "words that are no text": _value(WORDS, lambda rng, value: rng.choice(["no", "2021", "1.5", "on"])),
    "negative": _value(WHOLE[:5] + REAL, lambda rng, value: f"-{value}"),
    "negative seed": _value(("seed",), lambda rng, value: f"-{rng.randint(1, 10**6)}"),
    "zero": _value(WHOLE[:5], lambda rng, value: "0"),
    "huge seed": _value(("seed",), _digits(25)),
    "huge sizes": _value(("context_length", "horizon", "batch_size", "epochs"), _digits(19)),
    "5,000 digits": _value(WHOLE, _digits(5000)),
    "5,000 digits for a real number": _value(REAL, _digits(5000)),
    "500 digits": _value(("context_length", "horizon", "batch_size", "epochs"), _digits(500)),
    "unknown zone": _value(
        ("timezone",), lambda rng, value: rng.choice(["Mars/Olympus", "../etc/passwd", "''", "CET/"])
    ),
    "unknown frequency": _value(
        ("frequency",), lambda rng, value: rng.choice(["fortnight", "-1D", "0D", "''", "1e9D"])
    ),
    "a column twice": lambda rng: BASE.replace("target: y", rng.choice(["target: [y, y]", "target: ds", "target: []"])),
    "calendar twice": _more(lambda rng: "features: {calendar: [day_of_week, day_of_week]}\n"),
    "dates that do not exist": lambda rng: BASE.replace("2020-01-01", rng.choice(["2020-02-31", "soon", "2020-13-01"])),
    "splits in the wrong order": lambda rng: BASE.replace("2020-01-01", f"20{rng.randint(22, 40)}-01-01"),
}

_ANYTHING = (
    *(
        "-1",
        "0",
        "1",
        "2147483648",
        "9223372036854775808",
        "1e3",
        "0.5",
        "-0.0",
        "1e-300",
        ".inf",
        "''",
        "' '",
        "[]",
        "{}",
    ),
    *("~", "true", "0x10", "010", "1_0", "12:30", "2020-01-01", "'7'", "!!int 7", "&a 7", "7 # seven", "7, 8", "é"),
)
"""Values of every kind: the reference says what they mean."""

_TYPES: dict[str, Callable[[Random], Text]] = {
    f"{key} as anything": _value((key,), lambda rng, value: rng.choice(_ANYTHING)) for key in WHOLE + REAL + WORDS
} | {
    f"{section} as anything": lambda rng, section=section: re.sub(
        rf"^{section}:.*(\n  .*)*", lambda _: f"{section}: {rng.choice(_ANYTHING)}", BASE, flags=re.MULTILINE
    )
    for section in ("data", "checks", "split", "window", "model", "training", "gate", "serving", "push")
}

_SETS: dict[str, Callable[[Random], list[str]]] = {
    "sound": lambda rng: [f"training.seed={rng.randint(0, 99)}", f"gate.mae_scaled_below=0.{rng.randint(1, 9)}"],
    "a date": lambda rng: [f"split.eval_start=2019-0{rng.randint(1, 9)}-01"],
    "no equals sign": lambda rng: [rng.choice(["training.seed", "", "seed:2", "training.seed 2"])],
    "no key": lambda rng: [rng.choice(["=1", "==", "=a=b"])],
    "key with empty parts": lambda rng: [rng.choice([".=1", ".seed=1", "..=2", "..seed=3"])],
    "unknown key": lambda rng: [f"training.{''.join(rng.choices('abcdefgh', k=5))}=1"],
    "key below a value": lambda rng: [rng.choice(["name.x=1", "data.target.0=z", "model.lags.0=3", "data.unit.a.b=1"])],
    "section as a value": lambda rng: [rng.choice(["training=5", "data=", "window=[]", "gate={}", "data=null"])],
    "broken YAML": lambda rng: [f"training.seed={rng.choice(['[', '{', '*x', '%', '@', 'a: b: c', '!x y', chr(34)])}"],
    "control characters": lambda rng: [f"data.unit=k{chr(rng.randint(1, 8))}W"],
    "two documents": lambda rng: ["training.seed=1\n---\n2"],
    "tag that does not fit": lambda rng: [
        f"training.seed={rng.choice(['!!int x', '!!float x', '!!bool x', '!!timestamp x'])}"
    ],
    "date that does not exist": lambda rng: [f"split.eval_start=2020-02-{rng.randint(30, 31)}"],
    "time that does not exist": lambda rng: [f"split.eval_start=2020-01-01 {rng.randint(24, 99)}:00:00"],
    "octal": lambda rng: [f"window.horizon=0{rng.randint(10, 27)}" if rng.random() < 0.5 else "window.horizon=010"],
    "base sixty": lambda rng: [f"training.epochs={rng.randint(1, 9)}:30"],
    "infinite": lambda rng: [f"gate.mae_scaled_below={rng.choice(['.inf', '1.0e+999', '1e999'])}"],
    "true for a real number": lambda rng: [f"gate.mae_scaled_below={rng.choice(['true', 'yes', 'on'])}"],
    "5,000 digits": lambda rng: [f"training.seed={str(rng.randint(1, 9)) * 5000}"],
    "deep nesting": lambda rng: [f"training.seed={'[' * rng.randint(500, 700)}"],
    "key of many parts": lambda rng: [".".join("a" * rng.randint(1500, 3000)) + "=1"],
    "one key twice": lambda rng: [f"training.seed={rng.randint(2, 9)}", f"training.seed={rng.randint(10, 99)}"],
    "section, then a key in it": lambda rng: ["push={keep: 3}", f"push.keep={rng.randint(4, 9)}"],
}


def _file_faults(text: Text, folder: pathlib.Path) -> list[str]:
    content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_bytes(content)
    return faults_of(
        lambda: _read(folder / "config.yaml", []),
        lambda config: text_disagreements(config, content),
        must_read=re.sub(rb"seed: (0|[1-9][0-9]{0,6})\n", b"seed: 1\n", content) == BASE.encode(),
    )


def _set_faults(items: list[str], folder: pathlib.Path) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(BASE)
    return faults_of(
        lambda: _read(folder / "config.yaml", items),
        lambda config: set_disagreements(config, items),
        must_read=all(_SOUND_SET.fullmatch(item) for item in items),
    )


def _read(path: pathlib.Path, overrides: list[str]) -> Config:
    return read_config(str(path), overrides=overrides)


def faults(case: Text | list[str], folder: pathlib.Path) -> list[str]:
    """What is wrong with how a configuration is read."""
    return _set_faults(case, folder) if isinstance(case, list) else _file_faults(case, folder)


MUTATIONS: list[Mutation] = collect("yaml", {**_SYNTAX, **_VALUES, **_TYPES}) + collect("set", _SETS)
