"""The pages of the documentation site, collected from where they stand in the repository.

    python docs/site/collect.py build        build/pages and build/mkdocs.yml, for: zensical build -f build/mkdocs.yml

README becomes the front page. Links between pages stay; files outside docs/ that a page links to come along.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
ROOT_PAGES = {"README.md": "index.md", "SECURITY.md": "security-policy.md"} | {
    name: name.lower() for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
}
"""Page of the repository's root → its page of the site."""
_LINK = re.compile(r"(?P<before>\]\()(?P<path>[^)#:\s]+)(?P<rest>#[^)]*)?\)")
_CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.DOTALL | re.MULTILINE)


def collect(target: Path) -> None:
    """Write every page, and the files that they show or link to, into an empty folder."""
    shutil.rmtree(target, ignore_errors=True)
    sources = {TOP / name: target / page for name, page in ROOT_PAGES.items()}
    sources |= {page: target / page.name for page in (TOP / "docs").glob("*.md")}
    for source, page in sources.items():
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(_moved(source, page, sources, target), encoding="utf-8")


def _moved(source: Path, page: Path, pages: dict[Path, Path], target: Path) -> str:
    """The text of a page with its links as they are in the site; raises `FileNotFoundError` for a link to nothing."""
    text = source.read_text(encoding="utf-8")
    code = [match.span() for match in _CODE.finditer(text)]

    def link(match: re.Match[str]) -> str:
        if any(start <= match.start() < end for start, end in code):
            return match[0]
        linked = (source.parent / match["path"]).resolve()
        if linked not in pages:
            return f"{match['before']}{_taken(linked, target)})"
        return f"{match['before']}{pages[linked].relative_to(page.parent)}{match['rest'] or ''})"

    return _LINK.sub(link, text)


def _taken(linked: Path, target: Path) -> str:
    """The path in the site of a file that a page links to; a folder is its name in the repository."""
    inside = linked.relative_to(TOP)
    name = inside.relative_to("docs") if inside.parts[0] == "docs" else Path("files") / inside
    if linked.is_dir():
        raise IsADirectoryError(f"{inside}: a page links to a folder; link to a file in it")
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    # a page that is no page of the site is shown as text
    name = name.with_suffix(".txt") if name.suffix == ".md" else name
    shutil.copyfile(linked, target / name)
    return str(name)


if __name__ == "__main__":
    build = Path(sys.argv[1])
    collect(build / "pages")
    here = Path(__file__).parent
    shutil.copyfile(here / "mkdocs.yml", build / "mkdocs.yml")
    for name in ("iframe-worker.js", "site.css"):
        shutil.copyfile(here / name, build / "pages" / name)
