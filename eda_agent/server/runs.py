"""The tools of runs: start one in a process of its own, watch and steer it, read its result.

A run survives the client and this server: its process is separate, and its folder holds everything.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from eda_agent.agent.commands import command_from
from eda_agent.api.circuit import load
from eda_agent.api.runs import Run
from eda_agent.errors import InputError
from eda_agent.files import read_file, write_text
from eda_agent.problem.given_sizing import complete
from eda_agent.record.fold import RunState, fold
from eda_agent.record.journal import read_journal
from eda_agent.record.tables import csv_turns, markdown_summary
from eda_agent.run.chosen import is_run
from eda_agent.run.folder import new_folder
from eda_agent.run.process import WORDS, RunProcess, start
from eda_agent.server.confined import Root
from eda_agent.server.tool import SIZING, TARGET, ServerTool, arguments

POLICIES = ("auto", "trust", "random", "embedded", "tpe", "cma", "gp", "scbo")
"""Policies that start no program of others and send nothing away."""
LONGEST_WAIT = 50.0
"""Seconds: clients give up after a minute."""
RUN = {"type": "string", "description": "the id of a run: its folder below the root"}
COMMANDS = (
    '{"do": "pause"}, {"do": "resume"}, {"do": "spend", "simulations": 300}, {"do": "hint", "text": "…"}, {"do": "try",'
    ' "sizing": {"W1": "8u"}}, {"do": "policy", "name": "trust"}, {"do": "target", "spec": "gbw", "minimum": "20M"},'
    ' {"do": "lock", "parameter": "W1", "value": "8u"}, {"do": "range", "parameter": "W1", "minimum": "2u"},'
    ' {"do": "back", "turn": 12}'
)
_started: dict[Path, RunProcess] = {}
"""Folder → the process that this server started, whose end it must notice."""


def _size(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    target = root.target(given["target"])
    words: list[str] = []
    for name in ("policy", "budget", "seed", "corners"):
        if name in given:
            words += [f"--{name}", str(given[name])]
    if given.get("memory"):
        words.append("--memory")
    own = given.get("sizings", [])
    circuit = load(target)  # every fault is said now, not in the process
    for sizing in own:
        complete(circuit.problem.space, sizing, circuit.sizing, spec=circuit.path)
    if given.get("resume"):
        if not is_run(target):
            raise InputError(f"{given['target']}: there is no run to resume\n    → name the folder of a run")
        if _process(target).alive:
            raise InputError("the run goes on\n    → run with do: command")
        folder = target
        words.append("--resume")
    else:
        policy = given.get("policy", "auto")
        folder = new_folder(root.folder / "runs" / f"{circuit.name}-{policy}-{datetime.now():%Y%m%d-%H%M%S}")
    commands = [command_from({"do": "try", "sizing": sizing}) for sizing in own]
    _started[folder] = start(target, folder, words, commands)
    return {"run": root.name(folder), "next": "run with do: wait"}


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
            "budget": {"type": "integer", "minimum": 1, "description": "simulations in all; default: the spec's"},
            "seed": {"type": "integer"},
            "sizings": {
                "type": "array",
                "items": SIZING,
                "maxItems": 16,
                "description": "designs of your own, played as the first turns; best last, as each builds on the best",
            },
            "corners": {"type": "string", "enum": ["nominal", "signoff", "signoff_rc"]},
            "memory": {"type": "boolean", "description": "start with the best designs of earlier runs"},
            "resume": {"type": "boolean"},
        },
        ["target"],
    ),
    _size,
)


def _run(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    folder = _folder(root, given["run"])
    match given["do"]:
        case "command":
            _send(folder, given.get("command"))
        case "stop":
            _send(folder, {"do": "stop"})
            _wait(folder, 20.0)
        case "wait":
            _wait(folder, min(float(given.get("seconds", 20)), LONGEST_WAIT))
    return _status(root, folder)


def _send(folder: Path, data: Any) -> None:
    command = command_from(data)
    if command.do == "policy" and (command.fields["name"] not in POLICIES or command.fields.get("options")):
        raise InputError(f"command policy: here only {', '.join(POLICIES)}, without options")
    _process(folder).send(command)


def _wait(folder: Path, seconds: float) -> None:
    """Return when the run has ended, or after some seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and _process(folder).alive:
        time.sleep(0.2)


RUN_TOOL = ServerTool(
    "run",
    "A run by its id: status, wait (until it ends, at most `seconds`), stop (keeps the best), or a command: "
    + COMMANDS,
    arguments(
        {
            "run": RUN,
            "do": {"type": "string", "enum": ["status", "wait", "command", "stop"]},
            "seconds": {"type": "number", "minimum": 0, "maximum": LONGEST_WAIT, "description": "of wait; default 20"},
            "command": {"type": "object"},
        },
        ["run", "do"],
    ),
    _run,
)


def _show(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    run = Run(_folder(root, given["run"]), given.get("turn"))
    return {**run.data, "run": given["run"], "reasoning": run.reasoning}


SHOW = ServerTool(
    "show",
    "The result of a run, or one of its turns: specs in every corner, sizes, operating points, sizes at an end of their"
    " range, what changed and its effect, findings, next steps.",
    arguments({"run": RUN, "turn": {"type": "integer", "minimum": 0, "description": "default: the best"}}, ["run"]),
    _show,
)


def _report(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    folder = _folder(root, given["run"])
    kind = given.get("format", "md")
    if kind == "netlist":
        return {"text": Run(folder).netlist, "file": root.name(folder / "sized.spice")}
    state = _state(folder)
    if not state.turns:
        raise InputError("the run has no turn yet")
    text, file = (
        (markdown_summary(state), folder / "report.md") if kind == "md" else (csv_turns(state), folder / "turns.csv")
    )
    write_text(file, text)
    return {"text": text, "file": root.name(file)}


REPORT = ServerTool(
    "report",
    "Write a run as Markdown (specs and sizes), as CSV (one row per turn), or give the sized netlist.",
    arguments({"run": RUN, "format": {"type": "string", "enum": ["md", "csv", "netlist"]}}, ["run"]),
    _report,
)


def _folder(root: Root, name: str) -> Path:
    folder = root.existing(name)
    if not folder.is_dir() or not (is_run(folder) or folder in _started or (folder / WORDS).is_file()):
        raise InputError(f"{name}: this is no run\n    → size gives the id of one")
    return folder


def _process(folder: Path) -> RunProcess:
    return _started.get(folder) or RunProcess(folder)


def _state(folder: Path) -> RunState:
    return fold(read_journal(folder / "journal.jsonl")) if is_run(folder) else RunState()


def _status(root: Root, folder: Path) -> dict[str, Any]:
    process = _process(folder)
    alive, state = process.alive, _state(folder)
    best = state.best
    going = "running" if alive else "ended" if state.finished else "failed"
    return {
        "run": root.name(folder),
        "state": "paused" if alive and state.paused else going,
        "stop": state.finished.get("stop", ""),
        "met": bool(state.finished.get("met", best.get("met", False))),
        "score": best.get("score"),
        "best_turn": best.get("index"),
        "misses": [name for name, row in best.get("specs", {}).items() if not row["met"]],
        "simulations": state.simulations,
        "budget": state.started.get("budget", {}).get("simulations"),
        "policy": state.policy.get("name", state.started.get("policy")),
        "messages": [] if alive or state.finished else [_words(folder)],
        "log": [entry["message"] for entry in state.logs[-3:]],
    }


def _words(folder: Path) -> str:
    try:
        return read_file(folder / WORDS).decode("utf-8", errors="replace").strip()[-2000:]
    except OSError:
        return "the run's process has ended without a message"
