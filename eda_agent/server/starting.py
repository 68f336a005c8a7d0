"""Starting a run: in a process of its own, so that it survives the client and this server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eda_agent.agent.commands import command_from
from eda_agent.api.circuit import load
from eda_agent.errors import InputError
from eda_agent.problem.given_sizing import complete
from eda_agent.robust import check_samples
from eda_agent.run.chosen import is_run
from eda_agent.run.folder import default_folder, new_folder
from eda_agent.run.process import RunProcess, start
from eda_agent.run.widening import how_to_widen
from eda_agent.server.confined import Root
from eda_agent.server.tool import SIZING, TARGET, ServerTool, arguments

POLICIES = ("auto", "trust", "random", "embedded", "tpe", "cma", "gp", "scbo")
"""Policies that start no program of others and send nothing away."""
MOST_BUDGET = 1_000_000
SHARE = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
STARTED: dict[Path, RunProcess] = {}
"""Folder → the process that this server started, whose end it must notice."""

CANCELLED: set[Path] = set()
"""Folders of runs that were stopped before they began."""

ASKED: dict[Path, dict[str, Any]] = {}
"""Folder → policy and budget of a run that this server started, until its journal has them."""


def asked_of(folder: Path) -> dict[str, Any]:
    """What was asked of a run; empty for one that another server started."""
    return ASKED.get(folder, {})


def process_of(folder: Path) -> RunProcess:
    """The process of a run, whoever started it."""
    return STARTED.get(folder) or RunProcess(folder)


def _size(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    target = root.target(given["target"])
    words: list[str] = []
    for name in ("policy", "budget", "seed", "corners", "guard", "robust", "samples", "cell"):
        if name in given:
            words += [f"--{name}", str(given[name])]
    if given.get("memory"):
        words.append("--memory")
    if "post_layout" in given:
        words += ["--post-layout", str(root.existing(given["post_layout"]))]
    _together(given)
    own = given.get("sizings", [])
    circuit = load(target)  # every fault is said now, not in the process
    for sizing in own:
        complete(circuit.problem.space, sizing, circuit.sizing, widen=lambda: how_to_widen(circuit.path))
    if given.get("resume"):
        if not is_run(target):
            raise InputError(f"{given['target']}: there is no run to resume\n    → name the folder of a run")
        if process_of(target).alive:
            raise InputError("the run goes on\n    → run with do: command")
        folder = target
        words.append("--resume")
        ASKED.pop(folder, None)
    else:
        policy = given.get("policy", "auto")
        folder = new_folder(root.folder / default_folder(circuit.name, policy))
        budget = given.get("budget", circuit.problem.budget.simulations)
        ASKED[folder] = {"policy": policy, "budget": budget}
    CANCELLED.discard(folder)
    until = {} if given.get("play_all") else {"unless_met": True}
    commands = [command_from({"do": "try", "sizing": sizing, **until}) for sizing in own]
    STARTED[folder] = start(target, folder, words, commands)
    return {"run": root.name(folder), "state": "running", **asked_of(folder), "next": "run with do: wait"}


SIZE = ServerTool(
    "size",
    "Start a run that sizes a circuit until every spec is met, and return its id at once. It goes on by itself, also"
    " without this client. With resume it continues the run that target names, with another budget or policy if given.",
    arguments(
        {
            "target": TARGET,
            "policy": {
                "type": "string",
                "enum": list(POLICIES),
                "description": "default auto",
            },
            "budget": {
                "type": "integer",
                "minimum": 1,
                "maximum": MOST_BUDGET,
                "description": "simulations in all; default: the spec's",
            },
            "seed": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
            "sizings": {
                "type": "array",
                "items": SIZING,
                "maxItems": 16,
                "description": "designs of your own, played as the first turns until one meets every spec; sizes that a"
                " design leaves out are those of the best so far",
            },
            "play_all": {"type": "boolean", "description": "play all of sizings, also after one has met every spec"},
            "corners": {"type": "string", "enum": ["nominal", "signoff", "signoff_rc"]},
            "guard": {**SHARE, "description": "tighten every target by this share of itself, such as 0.05"},
            "robust": {
                **SHARE,
                "description": "size until this share of Monte Carlo samples meets every spec (lower end of the yield's"
                " 95 % interval), such as 0.95; takes several rounds",
            },
            "samples": {"type": "integer", "minimum": 1, "maximum": 10000, "description": "of robust"},
            "post_layout": {
                "type": "string",
                "description": "a netlist extracted from a layout: its wires are simulated; a run as target gives the"
                " drawn sizes",
            },
            "cell": {"type": "string", "description": "of post_layout; default: the circuit's"},
            "memory": {"type": "boolean", "description": "start with the best designs of earlier runs"},
            "resume": {"type": "boolean"},
        },
        ["target"],
    ),
    _size,
)


def _together(given: Mapping[str, Any]) -> None:
    """Raise `InputError` for arguments that do not go together: the process would say so to nobody."""
    robust = "robust" in given
    for name in ("guard", "post_layout", "resume", "sizings"):
        if robust and given.get(name):
            raise InputError(f"size: robust and {name} do not go together")
    if "samples" in given:
        if not robust:
            raise InputError("size: samples are those of robust")
        check_samples(given["robust"], given["samples"])
    if "cell" in given and "post_layout" not in given:
        raise InputError("size: cell is that of post_layout")
    if given.get("resume") and "post_layout" in given:
        raise InputError("size: a run keeps the wires that it was started with")
