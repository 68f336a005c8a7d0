"""The tools of runs: watch and steer one, read its result. A run's folder holds everything (`starting`)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eda_agent.agent.commands import command_from
from eda_agent.api.runs import Run
from eda_agent.errors import InputError
from eda_agent.files import read_file, write_text
from eda_agent.record.fold import RunState, fold
from eda_agent.record.journal import WORDS, read_journal
from eda_agent.record.run_state import load_state
from eda_agent.record.tables import csv_turns, markdown_summary
from eda_agent.run.chosen import is_run
from eda_agent.server.confined import Root
from eda_agent.server.rounds import ended, live_run, shown_run, yield_status
from eda_agent.server.starting import CANCELLED, POLICIES, STARTED, asked_of, process_of
from eda_agent.server.tool import ServerTool, arguments

LONGEST_WAIT = 50.0
"""Seconds: clients give up after a minute."""
RUN = {"type": "string", "description": "the id of a run: its folder below the root"}
COMMANDS = (
    '{"do": "pause"}, {"do": "resume"}, {"do": "spend", "simulations": 300}, {"do": "hint", "text": "…"}, {"do": "try",'
    ' "sizing": {"W1": "8u"}}, {"do": "policy", "name": "trust"}, {"do": "target", "spec": "gbw", "minimum": "20M"},'
    ' {"do": "lock", "parameter": "W1", "value": "8u"}, {"do": "range", "parameter": "W1", "minimum": "2u"},'
    ' {"do": "back", "turn": 12}'
)


def _run(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    folder = _folder(root, given["run"])
    match given["do"]:
        case "command":
            _send(folder, given.get("command"))
        case "stop":
            if not is_run(live_run(folder)) and process_of(folder).cancel():
                # a run that has not begun has nothing to keep, and reads no command yet
                CANCELLED.add(folder)
            else:
                _send(folder, {"do": "stop"})
            _wait(folder, 20.0)
        case "wait":
            _wait(folder, min(float(given.get("seconds", 20)), LONGEST_WAIT))
    return _status(root, folder)


def _send(folder: Path, data: Any) -> None:
    command = command_from(data)
    if command.do == "policy" and (command.fields["name"] not in POLICIES or command.fields.get("options")):
        raise InputError(f"command policy: here only {', '.join(POLICIES)}, without options")
    live = live_run(folder)
    if live != folder and process_of(folder).alive and not process_of(live).alive:
        raise InputError(
            "the samples of a round are simulated, and take no command\n    → send it again in some seconds"
        )
    process_of(live).send(command)


def _wait(folder: Path, seconds: float) -> None:
    """Return when the run has ended, or after some seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process_of(folder).alive:
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
    run = Run(shown_run(_folder(root, given["run"])), given.get("turn"))
    return {**run.data, "run": given["run"], "reasoning": run.reasoning}


SHOW = ServerTool(
    "show",
    "The result of a run, or one of its turns: specs in every corner, sizes, operating points, sizes at an end of their"
    " range, what changed and its effect, findings, next steps.",
    arguments({"run": RUN, "turn": {"type": "integer", "minimum": 0, "description": "default: the best"}}, ["run"]),
    _show,
)


def _report(root: Root, given: Mapping[str, Any]) -> dict[str, Any]:
    folder = shown_run(_folder(root, given["run"]))
    kind = given.get("format", "md")
    if kind in {"netlist", "diff"}:
        return _netlist(root, Run(folder, given.get("turn")), kind)
    if "turn" in given:
        raise InputError(f"report: turn is that of netlist and diff\n    → show with turn {given['turn']}")
    state = load_state(folder)
    text, file = (
        (markdown_summary(state), folder / "report.md") if kind == "md" else (csv_turns(state), folder / "turns.csv")
    )
    write_text(file, text)
    return {"text": text, "file": root.name(file)}


def _netlist(root: Root, run: Run, kind: str) -> dict[str, Any]:
    """The netlist of a turn, or its difference from the original; the file is `sized.spice` only for the best turn."""
    of_best = "" if run.turn == run.best else f"-turn{run.turn}"
    file = run.folder / (f"sized{of_best}.spice" if kind == "netlist" else f"sized{of_best}.diff")
    text = run.netlist if kind == "netlist" else run.diff
    write_text(file, text)
    return {"text": text, "file": root.name(file), "turn": run.turn}


REPORT = ServerTool(
    "report",
    "Write a run as Markdown (specs and sizes), as CSV (one row per turn), as the netlist with the sizes of the best"
    " turn or of another, or as its diff from the original. It may be called while the run goes on.",
    arguments(
        {
            "run": RUN,
            "format": {"type": "string", "enum": ["md", "csv", "netlist", "diff"], "description": "default md"},
            "turn": {"type": "integer", "minimum": 0, "description": "of netlist and diff; default: the best"},
        },
        ["run"],
    ),
    _report,
    as_written=True,
)


def _folder(root: Root, name: str) -> Path:
    folder = root.existing(name)
    if not folder.is_dir() or not (is_run(folder) or folder in STARTED or (folder / WORDS).is_file()):
        raise InputError(f"{name!r}: this is no run\n    → size gives the id of one")
    return folder


def _state(folder: Path) -> RunState:
    return fold(read_journal(folder / "journal.jsonl")) if is_run(folder) else RunState()


def _status(root: Root, folder: Path) -> dict[str, Any]:
    process = process_of(folder)
    alive, state = process.alive, _state(live_run(folder) if process.alive else shown_run(folder))
    best, of_yield = state.best, yield_status(folder)
    done = ended(folder) if of_yield else bool(state.finished)
    if alive and not state.started and not of_yield:
        begins = {"state": "running", "met": False, "simulations": 0, "log": ["it starts: nothing is simulated yet"]}
        return {"run": root.name(folder), **begins, **asked_of(folder)}
    if not alive and not state.started and folder in CANCELLED:
        ends = {"state": "ended", "stop": "user", "met": False, "simulations": 0, "log": ["it had not begun"]}
        return {"run": root.name(folder), **ends, **asked_of(folder)}
    going = "running" if alive else "ended" if done else "failed"
    found = {
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
        "messages": [] if alive or done else [_words(folder)],
        "log": [entry["message"] for entry in state.logs[-3:]],
        **of_yield,
    }
    # what is not known yet is left out
    return {name: value for name, value in found.items() if value is not None}


def _words(folder: Path) -> str:
    try:
        return read_file(folder / WORDS).decode("utf-8", errors="replace").strip()[-2000:]
    except OSError:
        return "the run's process has ended without a message"
