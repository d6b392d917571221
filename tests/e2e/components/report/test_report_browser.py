"""The page in a real browser: not blank, nothing wider than a phone, nothing said on the console."""

import json
import pathlib
import shutil
import subprocess
from typing import Any

import matplotlib.image
import numpy as np
import pytest

from tapeline.components.report.writing import NUMBERS_FILE, copy_report, write_report
from tapeline.schemas.artifact_files import PAGE_FILE

BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
PHONE_WIDTH = 390
# Nothing but the page itself: no network, no first-run windows, no GPU.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-logging=stderr"),
)
LIGHT, DARK = "--blink-settings=preferredColorScheme=1", "--blink-settings=preferredColorScheme=0"

# A page around the report that measures it: only the report's own width is asked, so it needs no script of its own.
PROBE = """<!DOCTYPE html><html><body style="margin:0"><iframe id="f" src="report.html" width="390" height="3000"
style="border:0"></iframe><script>f.onload = () => {
  const d = f.contentDocument, wide = [...d.images].filter(i => i.complete && i.naturalWidth === 0).length;
  document.title = JSON.stringify({scroll: d.documentElement.scrollWidth, broken: wide, images: d.images.length});
}</script></body></html>"""

in_a_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome here: apt-get install chromium")


def browse(folder: Any, *arguments: Any) -> Any:
    assert BROWSER is not None
    command = [BROWSER, *FLAGS, f"--user-data-dir={folder / 'profile'}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, make_content: Any, nasty_names: Any) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("run") / "report"
    write_report(make_content(series=nasty_names, starts=60, horizon=8, context=52, blessed=False), folder)
    return folder


@in_a_browser
@pytest.mark.parametrize(("width", "scheme"), [(1200, LIGHT), (PHONE_WIDTH, LIGHT), (PHONE_WIDTH, DARK)])
def test_page_is_seen_and_the_console_stays_silent(
    report: pathlib.Path, tmp_path: pathlib.Path, width: Any, scheme: Any
) -> None:
    shot = tmp_path / "shot.png"
    said = browse(
        tmp_path, scheme, f"--window-size={width},2500", f"--screenshot={shot}", (report / PAGE_FILE).as_uri()
    )
    image = matplotlib.image.imread(shot)[..., :3]
    ground = image[2, 2]
    assert (ground.mean() < 0.3) if scheme == DARK else (ground.mean() > 0.9)
    differs = np.abs(image - ground).max(axis=2) > 0.15
    assert 0.02 < differs.mean() < 0.6
    # Every part of the page shows something: no figure is missing.
    assert all(part.any() for part in np.array_split(differs, 12))
    assert "CONSOLE" not in said.stderr


@in_a_browser
def test_nothing_is_wider_than_a_phone_and_every_picture_is_drawn(report: pathlib.Path, tmp_path: pathlib.Path) -> None:
    shutil.copy(report / PAGE_FILE, tmp_path / "report.html")
    (tmp_path / "probe.html").write_text(PROBE)
    found = browse(
        tmp_path,
        "--allow-file-access-from-files",
        "--virtual-time-budget=8000",
        "--dump-dom",
        (tmp_path / "probe.html").as_uri(),
    )
    start = found.stdout.index("<title>") + len("<title>")
    measured = json.loads(found.stdout[start : found.stdout.index("</title>")])
    assert measured["scroll"] <= PHONE_WIDTH
    assert measured["images"] >= 8
    assert measured["broken"] == 0


def test_folder_holds_page_numbers_and_the_same_figures_as_png(report: pathlib.Path, tmp_path: pathlib.Path) -> None:
    copy_report(report, to=tmp_path / "copy")
    (tmp_path / "copy" / "verdict.json").write_text("{}")
    (tmp_path / "copy" / PAGE_FILE).write_text("an older page")
    copy_report(report, to=tmp_path / "copy")
    assert (tmp_path / "copy" / "verdict.json").read_text() == "{}"
    for folder in (report, tmp_path / "copy"):
        page = (folder / PAGE_FILE).read_text(encoding="utf-8")
        pictures = sorted(path.stem for path in (folder / "figures").iterdir())
        assert len(pictures) == page.count("<figure ")
        assert all(f'<figure id="{key}"' in page for key in pictures)
        assert json.loads((folder / NUMBERS_FILE).read_text(encoding="utf-8"))["blessed"] is False
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == [
        "figures",
        PAGE_FILE,
        NUMBERS_FILE,
        "verdict.json",
    ]
