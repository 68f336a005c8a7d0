"""The licences of what is installed with the package, as their authors declare them."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping

from tests.supply.locks import BASE, ROOT, locked

PAGE = ROOT / "docs" / "licences.md"
COPYLEFT = {"klayout", "pyspice", "spicelib"}
"""Packages under the GPL. They are imported, not copied; who passes on a bundle with them passes it on under their
terms.
"""

HEAD = """# Licences of the dependencies

eda-agent itself is under Apache-2.0. The table lists the packages that `pip install eda-agent` installs, in the
versions of `locks/base.txt`, with the licences that they declare. `python -m tests.supply licences` writes this page,
and a test compares it with the installed packages. ngspice (BSD, some parts under other free licences) comes from the
system.

PySpice, spicelib and klayout are under the GPL. They are imported, and this repository contains none of their code. A
bundle that contains them (an image, an installer) must be distributed under the GPL's terms.

| package | licence |
| --- | --- |
"""


def declared(name: str) -> str:
    """In the package's own words, the shortest form there is."""
    data: Mapping[str, str] = importlib.metadata.metadata(name)  # type: ignore[assignment]  # a message is a mapping for what is read here
    if expression := data.get("License-Expression"):
        return expression
    kinds = [
        line.rpartition(" :: ")[2]
        for line in importlib.metadata.metadata(name).get_all("Classifier") or []
        if line.startswith("License :: ") and not line.endswith("OSI Approved")
    ]
    words = (data.get("License") or "").strip().splitlines()
    return ", ".join(kinds) or (words[0][:60] if words else "not declared")


def installed() -> list[str]:
    """Locked packages that this machine has; some are for other systems."""
    found = []
    for name in sorted(locked(BASE)):
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found.append(name)
    return found


def page() -> str:
    return HEAD + "".join(f"| {name} | {declared(name)} |\n" for name in installed())
