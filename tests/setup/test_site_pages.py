"""The site holds every page, and what the pages lead to."""

import pathlib
import re

import yaml

import site_pages

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_every_page_has_its_place_in_the_navigation() -> None:
    text = re.sub(r"!!python\S+ \{kwds: \{case: lower\}\}", "x", (ROOT / "mkdocs.yml").read_text())
    navigation = yaml.safe_load(text)["nav"]
    listed = set(re.findall(r"[\w./-]+\.md", str(navigation)))
    laid_out = {str(path.relative_to(ROOT)) for path in site_pages.pages(ROOT)}
    assert {name for name in laid_out if name.endswith(".md")} == listed
    assert {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} <= listed


def test_a_broken_link_fails_the_build() -> None:
    text = (ROOT / "mkdocs.yml").read_text()
    assert "links: {not_found: warn, anchors: warn, absolute_links: warn, unrecognized_links: warn}" in text
    # A quiet build counts no warning, and so would pass.
    script = (ROOT / "scripts/site_pages.py").read_text()
    assert '"build", "--strict", *arguments' in script


def test_what_pages_lead_to_is_laid_out_beside_them(tmp_path: pathlib.Path) -> None:
    root = tmp_path / "root"
    (root / "docs").mkdir(parents=True)
    (root / "configs").mkdir()
    (root / "README.md").write_text("[a](docs/a.md) [gone](docs/gone.md) [web](https://example.org/x.md)\n")
    (root / "docs" / "a.md").write_text("![p](images/p.png) [c](../configs/c.yaml#x) [out](../../secret.md)\n")
    (root / "docs" / "images").mkdir()
    (root / "docs" / "images" / "p.png").write_bytes(b"png")
    (root / "configs" / "c.yaml").write_text("name: c\n")
    (root / "configs" / "other.yaml").write_text("name: other\n")
    (tmp_path / "secret.md").write_text("outside\n")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "old.md").write_text("from an earlier build\n")
    site_pages.lay_out(root, tmp_path / "site")
    found = {str(path.relative_to(tmp_path / "site")) for path in (tmp_path / "site").rglob("*") if path.is_file()}
    assert found == {"README.md", "docs/a.md", "docs/images/p.png", "configs/c.yaml"}
