"""Codes of countries and their parts whose public holidays are known: those of the library `holidays`.

>>> split_code("AU-VIC"), split_code("NZ")
(('AU', 'VIC'), ('NZ', None))
"""

import difflib
import functools


def split_code(code: str) -> tuple[str, str | None]:
    """Returns the country and the part of a code; None where the whole country is meant."""
    country, dash, part = code.partition("-")
    return country, part if dash else None


def check_code(code: str) -> None:
    """Checks the code of a country, or of a part of one.

    Args:
        code: Such as `AU` or `AU-VIC`.

    Raises:
        ValueError: The library knows no such code; the message names those that are near.
    """
    known = _codes()
    if code in known:
        return
    country, _ = split_code(code)
    parts = [each for each in known if each.startswith(f"{country}-")]
    near = difflib.get_close_matches(code.upper(), parts or known, n=3, cutoff=0.5 if parts else 0.7)
    hint = (
        f"did you mean {' or '.join(near)}?" if near else "write a country such as AU, or a part of one such as AU-VIC"
    )
    if parts and not near:
        hint = f"{country} has {', '.join(parts[:12])}{' and others' if len(parts) > 12 else ''}"
    raise ValueError(f"{code!r} is no country or part of one whose holidays are known; {hint}")


@functools.cache
def _codes() -> tuple[str, ...]:
    # It takes a quarter of a second, which only those pay who ask for holidays.
    import holidays

    countries = holidays.list_supported_countries(include_aliases=False)
    return tuple(
        code for country, parts in countries.items() for code in (country, *(f"{country}-{part}" for part in parts))
    )
