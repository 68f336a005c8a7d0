"""A lock names one version of everything that is installed; `make lock` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent.parent
BASE, DEV = ROOT / "locks" / "base.txt", ROOT / "locks" / "dev.txt"
LOCKS = (BASE, DEV)


def locked(path: Path, python: str = "") -> dict[str, str]:
    """Package → version on this system, with this Python or another ("3.13"). Names as pip compares them."""
    other = {"python_version": python, "python_full_version": f"{python}.0"} if python else {}
    lines = re.findall(r"^([\w.\-]+(?:\[[^\]]*\])?==[^\\\n]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    found = [Requirement(line.strip()) for line in lines]
    return {
        normal(one.name): str(one.specifier).removeprefix("==")
        for one in found
        if one.marker is None or one.marker.evaluate(other)
    }


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
