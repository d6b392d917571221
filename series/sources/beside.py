"""A relative source is found in the working directory, or else beside the file that names it."""

import glob
import os
import pathlib

from tapeline.schemas.errors import ConfigError
from tapeline.series.sources.spans import glob_of


def found_beside(source: str, file: str | os.PathLike[str]) -> str:
    """Returns the path that a source means.

    Args:
        source: What `data.source` says.
        file: The configuration that says it.

    Returns:
        The source as it is where it is absolute, built in, found in the working directory or nowhere; else its path in
        the folder of the file.

    Raises:
        ConfigError: Both folders hold something else of that name.
    """
    folder = pathlib.Path(file).expanduser().parent
    other = str(folder / source)
    # A built-in data set is `statsmodels:co2`.
    if os.path.isabs(os.path.expanduser(source)) or ":" in source.split("{")[0] or os.path.samefile(folder, "."):
        return source
    here, there = _files(source), _files(other)
    if here and there and here != there:
        raise ConfigError(
            f"data.source: {source!r} is in the working directory, and in the folder of the configuration as {other!r}. "
            f"Say which: --data {source} or --data {other}."
        )
    return other if there and not here else source


def _files(path: str) -> set[str]:
    """The files and folders that a path or a glob names."""
    found = [path] if os.path.exists(path) else glob.glob(glob_of(path))
    return {os.path.realpath(each) for each in found}
