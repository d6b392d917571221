"""A terminal gets lines of its width and colours unless NO_COLOR is set; a file gets the text as it is."""

import contextlib
import io
import os
import subprocess
import sys

import pytest

from tapeline.cli.terminal import progress, say, say_table

LONG = "tapeline run: data.source: no file 'sales.csv'. Give the data with --data PATH, or correct the configuration."


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return Terminal()


def test_a_terminal_breaks_lines_between_words_and_keeps_their_indent(terminal: Terminal) -> None:
    with contextlib.redirect_stdout(terminal):
        say(f"one mistake\n  {LONG}\n/a/path/that/is/longer/than/forty/columns/and-has-hyphens.csv")
    lines = terminal.getvalue().splitlines()
    assert lines[0] == "one mistake"
    assert lines[1] == "  tapeline run: data.source: no file"
    assert all(line.startswith("    ") and len(line) <= 40 for line in lines[2:-1])
    assert " ".join(" ".join(lines[1:-1]).split()) == LONG
    assert lines[-1] == "/a/path/that/is/longer/than/forty/columns/and-has-hyphens.csv"


def test_a_terminal_has_colours_unless_the_user_wants_none(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.redirect_stdout(terminal):
        say("[x] blessed", style="green")
        assert terminal.getvalue() == "\x1b[32m[x] blessed\x1b[0m\n"
        monkeypatch.setenv("NO_COLOR", "1")
        say("plain", style="green")
    assert terminal.getvalue().endswith("\nplain\n")


def test_a_file_gets_the_text_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    say(LONG, style="red", to_stderr=True)
    say_table([("[a]", "when", "refused: " + "mae " * 40)], styles=["red"])
    out, err = capsys.readouterr()
    assert err == f"{LONG}\n"
    assert out.startswith("[a]  when  refused: mae mae")
    assert out.count("\n") == 1


def test_a_table_on_a_terminal_breaks_its_words_column_alone(terminal: Terminal) -> None:
    with contextlib.redirect_stdout(terminal):
        say_table([("run-1", "refused: mae_scaled and another limit of the gate")], styles=[""])
    lines = [line.rstrip() for line in terminal.getvalue().splitlines()]
    assert lines == ["run-1  refused: mae_scaled and another", "       limit of the gate"]


@pytest.mark.parametrize(
    ("how", "out", "err"),
    [
        ("", "printed\nsystem\nresult\n", ""),
        ("quiet=True", "result\n", ""),
        ("json=True", "result\n", "printed\nsystem\n"),
    ],
)
def test_progress_leaves_standard_output_to_the_result(how: str, out: str, err: str) -> None:
    script = (
        "import os\nfrom tapeline.cli.terminal import progress\n"
        f"with progress({how}):\n    print('printed', flush=True)\n    os.system('echo system')\n"
        "print('result')"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ)
    assert (ended.stdout, ended.stderr) == (out, err)


def test_progress_ends_as_it_began_where_something_fails(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="broken"), progress(quiet=True):
        raise ValueError("broken")
    print("result")
    assert capfd.readouterr().out == "result\n"
