"""`tapeline runs`: the runs of a folder, and what became of them."""

import datetime
import json as json_text
from typing import TYPE_CHECKING

from tapeline.cli.arguments import name_of_runs, names_in
from tapeline.cli.exit_codes import EXIT_DONE
from tapeline.cli.options import ConfigPath, Home, Json, Name
from tapeline.cli.terminal import say, say_table
from tapeline.pipeline.paths import RunPaths

if TYPE_CHECKING:
    from tapeline.pipeline.run_list import ListedRun


def run(*, config: ConfigPath = None, name: Name = None, home: Home = None, json: Json = False) -> int:
    """Lists the runs of one configuration or of all, the newest first; returns the exit code."""
    from tapeline.pipeline.run_list import list_runs

    names = names_in(home) if name is None and config is None else [name_of_runs(name=name, config=config, home=home)]
    listed = {each: list_runs(RunPaths.of(each, home)) for each in names}
    if json:
        print(json_text.dumps([found.as_tree() for runs in listed.values() for found in runs], indent=2))
        return EXIT_DONE
    for at, (each, runs) in enumerate(listed.items()):
        say(f"{'' if at == 0 else chr(10)}{each}", style="bold")
        say_table([_row(found) for found in runs], styles=[_STYLES[found.outcome.value] for found in runs])
    return EXIT_DONE


_STYLES = {"passed": "green", "refused": "red", "nothing_to_judge": ""}


def _row(found: "ListedRun") -> tuple[str, ...]:
    when = datetime.datetime.fromtimestamp(found.started / 1000).strftime("%Y-%m-%d %H:%M")
    return found.run_id, when, found.in_words + (f", version {found.version}" if found.version else "")
