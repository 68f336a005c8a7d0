"""The PCell libraries of the PDKs themselves, which no package index has: where they are looked for on this machine.

    EDA_AGENT_PCELLS_SKY130A=FOLDER      its copy of efabless/sky130_klayout_pdk, with `tech/sky130`
    EDA_AGENT_PCELLS_PACKAGES=FOLDER     site-packages with what the libraries import (gdsfactory)

KLayout takes FOLDER by KLAYOUT_PATH, and the packages from the folder `python` of its home, which is on its path in
0.28 and 0.30. PYTHONPATH would reach `eda-agent` as well, which has packages of its own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

PACKAGES = "EDA_AGENT_PCELLS_PACKAGES"


def variable(table: str) -> str:
    return f"EDA_AGENT_PCELLS_{table.upper().replace('-', '_')}"


def place(table: str) -> Path | None:
    """The folder of a table's library, None where none is named."""
    named = os.environ.get(variable(table))
    return Path(named).resolve() if named else None


def environment(table: str, home: Path) -> Mapping[str, str]:
    """What KLayout is started with, so that it loads the library of a table; its packages are linked into its home."""
    found = place(table)
    assert found is not None, f"{variable(table)} names no folder"
    if packages := os.environ.get(PACKAGES):
        (home / "python").symlink_to(Path(packages).resolve())
    return {"KLAYOUT_PATH": str(found), "USER": os.environ.get("USER", "user")}
