"""Journals that somebody changed: every field of every kind of event, as another type, out of range, or gone; and
everything that is made of a journal.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from eda_agent.agent.commands import command_from
from eda_agent.agent.control import Control
from eda_agent.record.event import Event
from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.record.restore import restore_pending, restore_state, restore_turns
from eda_agent.run import Request, problem_of_run, size
from eda_agent.run.changes import compare
from eda_agent.run.resume import settle
from eda_agent.simulation.workbench import Workbench
from eda_agent.tui import status, view
from eda_agent.tui.feed import JournalFeed

from .count import Attack, command

ROOT = Path(__file__).parents[3]
VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "minus one": -1,
    "zero": 0,
    "half": 0.5,
    "huge": 10**18,
    "beyond": 1e308,
    "tiny": 5e-324,
    "text": "x",
    "no text": "",
    "codes": "\x1b]0;x\x07\u202e",
    "markup": "[/] [bold",
    "a NUL": "a\0b",
    "a list": [],
    "an object": {},
    "a list of one": [1],
    "lists": [[], None, "x"],
    "an object of one": {"x": 1},
    "an object of objects": {"x": {"y": []}},
}
"""What stands in place of a field."""
ORDERS = [
    {"do": "hint", "text": "a word"},
    {"do": "try", "sizing": {"W12": "8u"}},
    {"do": "target", "spec": "gbw", "minimum": "20M"},
    {"do": "lock", "parameter": "mt", "value": 2},
    {"do": "back", "turn": 1},
    {"do": "return"},
    {"do": "pause"},
    {"do": "resume"},
    {"do": "spend", "simulations": 9},
    {"do": "policy", "name": "random"},
    {"do": "back", "turn": 2},
    {"do": "review", "on": True},
    {"do": "accept"},
    {"do": "reject", "why": "too much"},
    {"do": "review", "on": False},
]


def whole_run(folder: Path) -> Path:
    """A run with every kind of event that a user can bring about, resumed under other targets."""
    folder.mkdir(exist_ok=True)
    spec = folder / "circuit"
    shutil.copytree(ROOT / "circuits" / "ota_5t", spec)
    left, control = list(ORDERS), Control()

    def listen(event: Event) -> None:
        if left and event["type"] in {"turn.evaluated", "turn.proposed", "review"}:
            control.send(command_from(left.pop(0)))

    size(Request(spec=spec, policy="random", simulations=8, seed=1, out=folder / "run", workers=1), listen, control)
    text = (spec / "spec.yaml").read_text()
    (spec / "spec.yaml").write_text(text.replace("minimum: 50}", "minimum: 49}", 1))
    size(Request(spec=spec, out=folder / "run", resume=True, simulations=12, workers=1))
    return folder / "run"


def changed(events: list[Event]) -> Iterator[tuple[str, list[Event]]]:
    """(what, journal): one event of each kind and shape, one place in it, one value."""
    seen: set[tuple[str, ...]] = set()
    for number, event in enumerate(events):
        for path in _places(event):
            shape = (str(event["type"]), *("#" if isinstance(step, int) else step for step in path))
            # of a hundred specs one is enough, of each kind of event two
            if (known := _shape(shape)) in seen:
                continue
            seen.add(known)
            for name, value in [*VALUES.items(), ("gone", ...)]:
                other = copy.deepcopy(event)
                _put(other, path, value)
                yield f"{'.'.join(map(str, shape))}: {name}", [*events[:number], other, *events[number + 1 :]]


def reordered(events: list[Event]) -> Iterator[tuple[str, list[Event]]]:
    """Whole events that are gone, twice, or too early."""
    for number, event in enumerate(events):
        kind = f"{event['type']} {number}"
        yield f"{kind} gone", [*events[:number], *events[number + 1 :]]
        yield f"{kind} twice", [*events[: number + 1], event, *events[number + 1 :]]
        yield f"{kind} first", [event, *events[:number], *events[number + 1 :]]
        yield f"nothing after {kind}", events[: number + 1]


def _shape(shape: tuple[str, ...]) -> tuple[str, ...]:
    """A place without the names of specs, sizes, corners and devices."""
    named = {
        "specs",
        "sizing",
        "values",
        "operating_points",
        "fingerprint",
        "options",
        "worst",
        "artifacts",
        "request",
        "going",
    }
    result: list[str] = []
    for place, step in enumerate(shape):
        result.append(
            "*"
            if place and (shape[place - 1] in named or (place > 1 and shape[place - 2] == "values")) and step != "specs"
            else step
        )
    return tuple(result)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for step, child in items:
        yield from _places(child, (*path, step))


def _put(event: Any, path: tuple[Any, ...], value: Any) -> None:
    for step in path[:-1]:
        event = event[step]
    if value is ...:
        del event[path[-1]]
    else:
        event[path[-1]] = value


class Views:
    """Everything that is made of a journal, without simulating: `run` is a sound one's folder."""

    def __init__(self, run: Path, folder: Path):
        self.run = folder / "changed"
        shutil.copytree(run, self.run)
        self.events = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
        self._lines = {id(event): json.dumps(event) + "\n" for event in self.events}
        self.problem = problem_of_run(run, fold(self.events)).problem
        self.workbench = Workbench(self.problem, folder / "models")

    def attacks(self, journals: Iterator[tuple[str, list[Event]]]) -> Iterator[Attack]:
        for what, events in journals:
            yield what, partial(self.look, events)

    def look(self, events: list[Event]) -> str:
        (self.run / "journal.jsonl").write_text("".join(map(self._line, events)))
        here = str(self.run)
        # what is refused where it is read: every view reads it there
        fold(read_journal(self.run / "journal.jsonl"))
        said = command("runs", here)
        words = [
            ["show", here],
            ["show", here, "--turn", "1"],
            ["show", here, "--json"],
            ["export", here],
            ["export", here, "--devices"],
            ["compare", here, here],
        ]
        words += [["report", here, "--no-sim", "--format", form] for form in ("html", "md", "csv", "json", "cace")]
        said += "".join(command(*line) for line in words) + self.screen() + self.resumed()
        return said if len(said) < 400_000 else said[:40_001]

    def _line(self, event: Event) -> str:
        """An event as a line; those of the sound journal are made once."""
        if id(event) not in self._lines:
            return json.dumps(event) + "\n"
        return self._lines[id(event)]

    def screen(self) -> str:
        """What the terminal app draws."""
        state = fold(JournalFeed(self.run / "journal.jsonl").read())
        said = [status.status_line(status.status(state, 2e9, False)), view.describe(state)]
        for index in (None, 0, 1):
            turn = view.turn_of(state, index)
            said += [row.name for row in view.spec_rows(state, turn)] + [
                row.name for row in view.size_rows(state, turn)
            ]
        for place in range(len(state.turns)):
            view.turn_row(state.turns, place, state.started["parameters"], None, state.corners)
        return view.printable(" ".join(said))

    def resumed(self) -> str:
        """As far as `size --resume` goes before it simulates."""
        state = restore_state(read_journal(self.run / "journal.jsonl"))
        settled = settle(Request(spec=self.run, resume=True), state, self.run)
        compare(settled.request, state, self.problem, self.workbench, self.run)
        for turn in restore_turns(state.turns, self.problem, anew=True):
            str(turn)
        list(restore_turns(state.turns, self.problem))
        restore_pending(state)
        return " ".join(settled.notes)
