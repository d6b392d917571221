"""Inputs that pass wrongly today, each with what goes wrong and where.

A mutation in `KNOWN` must fail: once it is fixed, its test says so, and its line here goes. `RARE` names faults that
only some inputs of a mutation show; these are not counted.
"""

_ZONE = "series/sources/timestamps.py `localize`: {}"
_ERROR = "schemas/config.py `load_config` catches YAMLError only: {}"
_SET = "cli/arguments.py `read_config`: yaml.safe_load stands outside of any try: {}"
_LONG = "the message holds the whole {}, however long"
_RAW = "the message prints {} as it is, with characters that a terminal obeys"
_NUMBER = "{} is read as another number than a person reads (YAML 1.1)"
_REAL = "real numbers are not strict in schemas/sections.py and training_config.py: {} is taken"
_HUGE = "schemas/sections.py `Positive` has no upper bound; the run dies in the Trainer"
_SEED = "components/trainer takes seeds modulo 2**32: two seeds give one run; schemas/training_config.py has no bounds"
_FIX = "the message says what is wrong and not what to write instead (schemas/frequency.py)"

KNOWN: dict[str, str] = {
    "csv: before the zone was": _ZONE.format("pytz rounds the local mean time of before 1893 to minutes"),
    "bytes: byte order mark in the middle": "Arrow drops a byte order mark at the start of each block; harmless so far",
    "yaml: key twice in a section": "schemas/config.py `_Loader` takes the last of two equal keys",
    "yaml: section twice": "schemas/config.py `_Loader` takes the last of two equal sections",
    "yaml: escape codes of a terminal": _RAW.format("unknown keys (schemas/config_errors.py)"),
    "yaml: deep nesting": _ERROR.format("RecursionError"),
    "yaml: deep nesting, closed": _ERROR.format("RecursionError"),
    "yaml: alias bomb in a known key": _LONG.format("value, aliases written out (schemas/config_errors.py)"),
    "yaml: tag that does not fit": _ERROR.format("ValueError, KeyError, AttributeError and IndexError of constructors"),
    "yaml: time that does not exist": _ERROR.format("ValueError of the timestamp's constructor"),
    "yaml: hexadecimal without a digit": _ERROR.format("ValueError of `0x_`"),
    "yaml: 5,000 digits": _ERROR.format("ValueError of int()"),
    "yaml: 5,000 digits for a real number": _ERROR.format("ValueError of int()"),
    "yaml: unknown keys by the thousand": _LONG.format("list of mistakes (schemas/config.py `parse_config`)"),
    "yaml: a long text": _LONG.format("value (schemas/config_errors.py `_split`)"),
    "yaml: octal": _NUMBER.format("030"),
    "yaml: base sixty": _NUMBER.format("1:30"),
    "yaml: base sixty for a real number": _NUMBER.format("1:30.5"),
    "yaml: infinite": _REAL.format(".inf"),
    "yaml: true for a real number": _REAL.format("true"),
    "yaml: negative seed": _SEED,
    "yaml: huge seed": _SEED,
    "yaml: huge sizes": _HUGE,
    "yaml: 500 digits": _HUGE,
    "yaml: unknown zone": _FIX,
    "yaml: unknown frequency": _FIX,
    "yaml: calendar twice": "schemas/sections.py `FeaturesConfig.calendar` takes a feature twice",
    "set: a date": "cli/arguments.py reads dates as dates, not as the text that load_config takes: a sound one is refused",
    "set: key with empty parts": "the message names neither --set nor the key (schemas/config.py `override`)",
    "set: broken YAML": _SET.format("YAMLError"),
    "set: control characters": _SET.format("ReaderError"),
    "set: two documents": _SET.format("ComposerError"),
    "set: tag that does not fit": _SET.format("ValueError of constructors"),
    "set: date that does not exist": _SET.format("ValueError of the timestamp's constructor"),
    "set: time that does not exist": _SET.format("ValueError of the timestamp's constructor"),
    "set: 5,000 digits": _SET.format("ValueError of int()"),
    "set: deep nesting": _SET.format("RecursionError"),
    "set: key of many parts": "schemas/config.py `override` builds as deep a tree as the key has parts: RecursionError",
    "set: octal": _NUMBER.format("030"),
    "set: base sixty": _NUMBER.format("1:30"),
    "set: infinite": _REAL.format(".inf"),
    "set: true for a real number": _REAL.format("true"),
    "rest: body twice": "clients/rest/predict_requests.py `read_request`: of two equal keys the last counts",
    "rest: input twice": "clients/rest/predict_requests.py `read_request`: of two equal keys the last counts",
    "rest: beyond a double": "clients/rest/predict_requests.py `read_request`: json reads 1e400 as infinite",
    "rest: base64 with letters beyond ASCII": (
        "clients/rest/predict_requests.py `_bytes` catches no ValueError of b64decode: status 500"
    ),
    "rest: a long signature name": _LONG.format("name (clients/rest/loaded_version.py `signature`)"),
    "rest: a long name of an input": _LONG.format("name (clients/rest/request_errors.py `listed`)"),
    "rest: slash at the end": "clients/rest/app.py: Starlette redirects with 307 and no JSON, which docs/serving.md lacks",
    "rest: version of 5,000 digits": "clients/rest/app.py: Starlette's int convertor raises ValueError: status 500",
    "rest: version of 5,000 digits, metadata": "clients/rest/app.py: the same",
    "rest: version of 5,000 digits, predict": "clients/rest/app.py: the same",
}

RARE: dict[str, str] = {
    "yaml: bits turned over": "gives no fix",
}
"""Part of the fault's text by mutation: a zone or frequency with a letter changed."""

OF_OLD_LIBRARIES = frozenset(
    {
        "bytes: byte order mark in the middle",
        "csv: before the zone was",
    }
)
"""Faults of Arrow 10 and pandas 1.5, which newer ones may not have: only with those must they show."""
