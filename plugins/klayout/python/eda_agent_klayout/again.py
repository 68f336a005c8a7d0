"""A new run as an earlier one: the same spec, request and changes, read from the folder of the earlier one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FLAGS = {
    "policy": "--policy",
    "seed": "--seed",
    "simulations": "--budget",
    "corners": "--corners",
    "guard": "--guard",
    "parallel": "--parallel",
    "workers": "--workers",
    "cluster": "--cluster",
}
"""Field of the journal's request → option of `size`."""
SWITCHES = {
    ("cache", False): "--no-cache",
    ("skip", True): "--skip-corners",
    ("skip", False): "--all-corners",
    ("memory", True): "--memory",
    ("force", True): "--force",
}


def begun_anew(folder: Path, opened: Mapping[str, Any]) -> tuple[list[str], str]:
    """(arguments of `eda-agent`, its working folder) for a new run as that in `folder`; `opened`: what its journal
    keeps of the request, empty in a journal of 0.1.0.
    """
    spec = _spec(folder)
    request = opened.get("request") or {}
    arguments = ["size", str(spec), "--events"]
    options = request.get("options") or {}
    rows = [
        *((flag, request.get(name)) for name, flag in FLAGS.items()),
        *((f"--{name.replace('_', '-')}", value) for name, value in options.items()),
    ]
    for flag, value in rows:
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            arguments += [flag, str(value)]
    arguments += [flag for (name, value), flag in SWITCHES.items() if request.get(name) is value]
    if spec.parent != folder:
        return arguments, str(spec.parent)
    return arguments, str(folder.parent.parent if folder.parent.name == "runs" else folder.parent)


def _spec(folder: Path) -> Path:
    """The spec from which a run was started, or the run's own copy if it is gone."""
    try:
        named = json.loads((folder / "origin.json").read_text(encoding="utf-8"))["spec"]
    except (OSError, ValueError, LookupError, TypeError):
        named = None
    found = Path(named) if isinstance(named, str) else folder
    return found if found.is_file() else folder / "spec.yaml"
