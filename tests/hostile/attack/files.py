"""Specs, PDK files and the other files of YAML, with every value as another type, out of range, or gone; through
`check` and everything that reads them.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from eda_agent.bench.suite import read_suite
from eda_agent.problem.load import load_problem
from eda_agent.problem.pdk import cut_library, find_pdk
from eda_agent.problem.pdk.process import process_sample
from eda_agent.problem.target import read_targets
from eda_agent.record.tables import read_cace
from eda_agent.train.recipe import load_recipe
from eda_agent.tui.settings import read_settings

from .count import Attack, command

ROOT = Path(__file__).parents[3]
GONE = object()
VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    0.5,
    10**400,
    1e308,
    1e18,
    float("nan"),
    float("inf"),
    -1e-300,
    "",
    "x",
    "a\0b",
    "\ud800",
    "a\nb",
    "\x1b[2J",
    "../..",
    "/",
    "/etc/shadow",
    "*",
    "-x",
    "--out",
    "x" * 5000,
    "`id`",
    "$(id)",
    "1;2",
    [],
    {},
    [1],
    [[]],
    [None],
    {"x": 1},
    {"x": {"y": []}},
    {"a\nb": 1},
    GONE,
]
PDK: dict[str, Any] = {
    "title": "a fab",
    "licence": "ours",
    "library": [{"path": "models.lib"}],
    "corners": {"tt": []},
    "supply": 1.8,
    "subcircuits": False,
    "scale": 1.0,
    "grid": "5n",
    "verilog": {},
    "device_files": "",
    "include": [],
    "params": {"sw": 0},
    "mismatch": {"sw": 1},
    "process": {"sections": [], "params": {"sw": 1}},
    "devices": {
        "nch": {
            "type": "nmos",
            "w": ["0.2u", "100u"],
            "l": ["0.18u", "10u"],
            "aliases": ["n18"],
            "file": "",
            "rated": 1.98,
        }
    },
}
LIBRARY = ".param sw=0\n.model nch nmos level=1 vto={0.5+agauss(0,0.1,3)*sw} kp=1e-4\n"


def changed(data: Any) -> Iterator[tuple[str, Any]]:
    """(what, data) with one value changed."""
    for path in _places(data):
        for number, value in enumerate(VALUES):
            other = copy.deepcopy(data)
            holder = other
            for step in path[:-1]:
                holder = holder[step]
            if value is GONE:
                del holder[path[-1]]
            else:
                holder[path[-1]] = value
            yield f"{'.'.join(map(str, path))} {number}", other
        if isinstance(path[-1], str):
            for number, name in enumerate(
                ["a\0b", "\ud800", "a\nb", "\x1b[2J", "../x", "", "x" * 500, "a b", "-x", "\u202e"]
            ):
                other = copy.deepcopy(data)
                holder = other
                for step in path[:-1]:
                    holder = holder[step]
                holder[name] = holder.pop(path[-1])
                yield f"{'.'.join(map(str, path))} named {number}", other


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for step, child in (
        value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    ):
        yield from _places(child, (*path, step))


def written(path: Path, data: Any) -> None:
    """JSON is YAML, and says every character by its code."""
    path.write_text(json.dumps(data))


def pdk_attacks(folder: Path) -> Iterator[Attack]:
    """PDK files, read, cut and drawn from."""
    (folder / "models.lib").write_text(LIBRARY)
    for what, data in changed(PDK):
        yield f"pdk {what}", partial(_pdk, folder, data)


def _pdk(folder: Path, data: Any) -> str:
    written(folder / "fab.yaml", data)
    pdk = find_pdk("fab.yaml", folder)
    boxes = {"nch": ((1e-6, 1e-6), (1e-6, 1e-6))}
    for process in pdk.corners:
        cut = cut_library(pdk, process, boxes, folder / "cuts")
        str(cut.spreads)
    if pdk.process:
        process_sample(pdk, boxes, 1, 2, folder / "chips")
    return f"{pdk.title} {pdk.models} {pdk.device('nch')}"


def spec_attacks(folder: Path, circuit: str = "ota_5t") -> Iterator[Attack]:
    """Specs through `check`, and the same text through every other reader of YAML."""
    shutil.copytree(ROOT / "circuits" / circuit, folder / circuit)
    path = folder / circuit / "spec.yaml"
    data = yaml.safe_load(path.read_text())
    data.setdefault("budget", {"simulations": 100, "timeout": 30, "patience": 20, "until": "met"})
    data.setdefault("name", circuit)
    for what, other in changed(data):
        yield f"spec {what}", partial(_spec, path, other)


def _spec(path: Path, data: Any) -> str:
    written(path, data)
    return command("check", str(path.parent))


def other_attacks(folder: Path) -> Iterator[Attack]:
    """Settings, suites, recipes, datasheets and lists of targets."""
    os.environ["EDA_AGENT_CONFIG"] = str(folder)
    suite = {"runs": [{"spec": "x", "targets": 1}], "seeds": 2, "budget": 5}
    bases = [
        suite,
        {"keys": {"pause": "p"}, "theme": "dark"},
        {"parameters": {"gain": {"unit": "dB", "spec": {"dc_gain": {"minimum": {"value": 60, "fail": True}}}}}},
    ]
    bases += [yaml.safe_load(recipe.read_text()) for recipe in sorted((ROOT / "train" / "recipes").glob("*.yaml"))[:1]]
    for number, base in enumerate(bases):
        for what, other in changed(base):
            yield f"other {number} {what}", partial(_others, folder / "tui.yaml", other)


def _others(path: Path, data: Any) -> str:
    from eda_agent.errors import EdaAgentError

    written(path, data)
    said = ""
    for read in (
        lambda: read_settings(["pause"]),
        lambda: read_cace(path),
        lambda: read_suite(str(path)),
        lambda: load_recipe(path),
        lambda: read_targets(path),
        lambda: load_problem(path),
    ):
        try:
            said += str(read())[:200]
        except EdaAgentError as error:
            said += str(error)
    return ""


def attacks(folder: Path) -> Iterator[Attack]:
    for name, make in (("pdk", pdk_attacks), ("spec", spec_attacks), ("other", other_attacks)):
        (folder / name).mkdir()
        yield from make(folder / name)
