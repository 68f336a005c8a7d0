"""A shipped circuit is one that comes with eda-agent; its name stands for its folder where no such file exists."""

from __future__ import annotations

import difflib
import os
from functools import cache
from importlib import resources
from pathlib import Path

from eda_agent.near_path import near_path


@cache
def shipped_circuits() -> dict[str, Path]:
    """Name → folder with spec.yaml."""
    folder = Path(str(resources.files("eda_agent"))) / "circuits"
    return {spec.parent.name: spec.parent for spec in sorted(folder.glob("*/spec.yaml"))}


def spec_place(given: Path) -> Path:
    """The place of a spec: a path that exists, else the folder of the shipped circuit of this name, else as given."""
    return given if os.path.exists(given) else shipped_circuits().get(str(given), given)


def near_shipped(given: Path) -> str:
    """The question whether a shipped circuit is meant by a path that does not exist; "" if none is near. A path with a
    folder or a suffix is no name of a circuit.
    """
    if given.suffix or len(given.parts) != 1:
        return ""
    near = difflib.get_close_matches(str(given), shipped_circuits(), 1)
    return f"did you mean the shipped circuit {near[0]}?" if near else ""


def near_spec(given: Path) -> str:
    """The question whether a spec, a netlist or a circuit's folder beside a path that does not exist is meant, or a
    shipped circuit; "" if none is near.
    """

    def suits(path: Path) -> bool:
        if path.is_dir():
            return any((path / name).is_file() for name in ("spec.yaml", "journal.jsonl"))
        return bool(given.suffix) and path.suffix == given.suffix

    return near_path(given, suits) or near_shipped(given)
