"""The documentation site: it builds without a warning, has every page, no link leads nowhere, and pages and search work
from the file system without a network.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from eda_agent.record.report.print_pdf import BROWSERS

ROOT = Path(__file__).parent.parent


class Page(HTMLParser):
    """The targets of a page's links and its anchors."""

    def __init__(self, path: Path):
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors |= {found.get("id") or "", found.get("name") or ""}
        self.targets += [target for name in ("href", "src") if (target := found.get(name))]
        self.loaded += [
            target for name in ("href", "src") if tag in {"link", "script", "img"} and (target := found.get(name))
        ]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("build")
    subprocess.run([sys.executable, ROOT / "docs" / "site" / "collect.py", folder], check=True)
    done = subprocess.run(
        [Path(sys.executable).parent / "zensical", "build", "--strict", "-f", folder / "mkdocs.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_in_the_navigation(build: Path) -> None:
    def pages(entry: object) -> list[str]:
        if isinstance(entry, str):
            return [entry]
        values = entry.values() if isinstance(entry, dict) else entry
        return [page for value in values for page in pages(value)]  # type: ignore[attr-defined]

    named = pages(yaml.safe_load((build / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    assert sorted(named) == sorted(page.name for page in (build / "pages").glob("*.md"))


def test_no_link_leads_nowhere(build: Path) -> None:
    site = build / "site"
    pages = {path: Page(path) for path in site.glob("*.html")}
    assert len(pages) > 30 and not list(site.glob("*/*.html"))
    broken = []
    for path, page in pages.items():
        for target in page.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc or not (parts.path or parts.fragment):
                continue
            base = site if parts.path.startswith("/") else path.parent
            linked = (base / unquote(parts.path).lstrip("/")).resolve() if parts.path else path
            lost = linked in pages and parts.fragment and unquote(parts.fragment) not in pages[linked].anchors
            if not linked.is_file() or lost:
                broken.append(f"{path.relative_to(site)}: {target}")
    assert not broken


def test_pages_load_nothing_from_elsewhere(build: Path) -> None:
    """No font, script or picture: the folder is read without a network, also from the file system."""
    pages = list((build / "site").glob("*.html"))
    assert pages and not [
        (path.name, target) for path in pages for target in Page(path).loaded if urlsplit(target).netloc
    ]
    assert (build / "site" / "search.js").read_text(encoding="utf-8").startswith("var __index")


def test_the_search_answers_from_the_file_system(build: Path, tmp_path: Path) -> None:
    """Browsers start no worker there: `iframe-worker.js` runs the worker's script, which answers the page."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("there is no browser")
    site = build / "site"
    index = (site / "index.html").read_text(encoding="utf-8")
    assert 'src="./iframe-worker.js"' in index
    # a reader's click and words
    asking = """<script>
        const found = (name) => [...document.querySelectorAll("*")]
          .map((part) => part.shadowRoot?.querySelector(name)).find(Boolean);
        setTimeout(() => document.querySelector(".md-search__button").click(), 1000);
        setTimeout(() => {
          found("input").value = "phase margin";
          found("input").dispatchEvent(new Event("input", {bubbles: true, composed: true}));
        }, 2000);
        setTimeout(() => document.title = found("[role=status]").innerText, 4000);
    </script>"""
    (site / "asked.html").write_text(index.replace("</body>", asking + "</body>"), encoding="utf-8")
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}"]
    done = subprocess.run(
        [program, *flags, "--virtual-time-budget=6000", "--dump-dom", (site / "asked.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    (site / "asked.html").unlink()
    assert re.search(r"<title>[1-9]\d* results</title>", done.stdout), done.stderr[-500:]


def test_the_gallery_shows_the_circuits_as_they_are() -> None:
    """Every circuit is on the page, and `python docs/site/gallery.py` would write what is there."""
    sys.path.insert(0, str(ROOT / "docs" / "site"))
    try:
        import gallery
    finally:
        sys.path.pop(0)
    assert set(gallery.NAMES) == {path.parent.name for path in (ROOT / "circuits").glob("*/spec.yaml")}
    for path, text in gallery.pages().items():
        assert (ROOT / "docs" / path).read_text(encoding="utf-8") == text, path
