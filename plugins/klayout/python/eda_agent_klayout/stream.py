"""The stream is what `eda-agent size --events` writes: JSON lines, folded into what the dock shows. No window is known here."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

from .units import format_quantity, shown_unit

VERSION = 1
"""Of the events that are understood."""
NEAR = 0.05


class Lines:
    """Bytes as they come, objects as they are complete. A line that is no object is counted in `broken` and left out."""

    def __init__(self) -> None:
        self._rest = b""
        self.broken = 0

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        *whole, self._rest = (self._rest + data).split(b"\n")
        result = []
        for line in whole:
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except ValueError:
                found = None
            if isinstance(found, dict) and isinstance(found.get("type"), str):
                result.append(found)
            else:
                self.broken += 1
        return result


@dataclass
class Run:
    """What the events so far say. `left`: turns set aside by going back. `warnings`: what the user has not been told yet, such as an order that could not be obeyed."""

    folder: str = ""
    started: dict[str, Any] = field(default_factory=dict)
    turns: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, Any] = field(default_factory=dict)
    finished: dict[str, Any] = field(default_factory=dict)
    paused: bool = False
    review: bool = False
    pending: dict[str, Any] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    fault: str = ""
    left: list[list[dict[str, Any]]] = field(default_factory=list)

    def apply(self, event: dict[str, Any]) -> None:
        """Take one event in; one of another version sets `fault`."""
        kind = event["type"]
        if event.get("v", VERSION) > VERSION:
            self.fault = f"this eda-agent speaks version {event['v']} of its events, the plugin understands {VERSION}: update the plugin with 'eda-agent klayout install'"
            return
        if kind == "run.started":
            again: dict[str, Any] = {name: event[name] for name in ("budget", "workers") if name in event}
            self.started = {**self.started, **again} if self.started else event
            self.folder = str(event.get("folder", self.folder))
            self.finished = {}
        elif kind in ("baseline", "turn.evaluated"):
            self.turns.append(event)
            self.pending = {}
        elif kind == "turn.proposed":
            self.pending = event
        elif kind == "proposal.dropped":
            self.pending = {}
        elif kind == "best.updated":
            self.best = event
        elif kind in ("run.paused", "run.resumed"):
            self.paused = kind == "run.paused"
        elif kind == "review":
            self.review = bool(event.get("on"))
        elif kind in ("problem.changed", "spec.changed"):
            self.log += [str(line) for line in event.get("diff", ())]
            self.started = {**self.started, "specs": event["specs"], "parameters": event["parameters"]}
            now = {turn["index"]: turn for turn in event["turns"]}
            self.turns = [{**turn, **now.get(turn["index"], {})} for turn in self.turns]
        elif kind == "budget.changed":
            self.started = {**self.started, "budget": {**self.started.get("budget", {}), "simulations": event["simulations"]}}
        elif kind == "branched":
            self.left.append(self.turns[event["turn"] + 1 :])
            self.turns = self.turns[: event["turn"] + 1]
        elif kind == "returned":
            back, now_left = self.left.pop() if self.left else [], self.turns[event["turn"] :]
            if now_left:
                self.left.append(now_left)
            self.turns = [*self.turns[: event["turn"]], *back]
        elif kind == "log":
            self.log.append(str(event.get("message", "")))
            if event.get("level") == "warning":
                self.warnings.append(self.log[-1])
        elif kind == "sim.failed":
            self.log.append(f"{event.get('testbench')} in {event.get('corner')}: {event.get('kind')}: {event.get('words', '')}")
        elif kind == "policy.changed":
            self.log.append(f"{event.get('before')} hands over to {event.get('after')} ({event.get('reason')})")
        elif kind == "verified":
            self.log += [f"! {row['text']}" for row in event.get("left_saturation", ())]
            self.warnings += [str(row["text"]) for row in event.get("left_saturation", ())]
        elif kind == "run.finished":
            self.finished = event

    @property
    def curve(self) -> list[float]:
        result: list[float] = []
        for turn in self.turns:
            reached = 0.0 if self.share(turn) else float(turn.get("score", 0.0))
            result.append(max(reached, result[-1] if result else 0.0))
        return result

    def share(self, turn: dict[str, Any]) -> str:
        """`3 of 17 corners` of a turn that was simulated in fewer than all, whose score is a bound; else ""."""
        count, every = len(turn.get("evaluation", {}).get("values", ())), len(self.started.get("corners", ()))
        return f"{count} of {every} corners" if 0 < count < every else ""

    def turn(self, index: int | None) -> dict[str, Any]:
        wanted = self.best.get("index", 0) if index is None else index
        return next((turn for turn in reversed(self.turns) if turn["index"] == wanted), {})

    def spec_rows(self, index: int | None = None) -> list[tuple[str, str, str, str, str]]:
        """(sign, name, target, value in the worst corner, that corner); the sign is ✓, ~ (near), ✗, or · where nothing is known yet."""
        turn = self.turn(index)
        share = self.share(turn)
        rows = []
        for spec in self.started.get("specs", ()):
            result = turn.get("specs", {}).get(spec["name"])
            target = " ".join(
                f"{sign} {quantity(spec[side], shown_unit(spec))}"
                for side, sign in (("minimum", "≥"), ("maximum", "≤"))
                if spec.get(side) is not None
            )
            if spec.get("asked"):
                # tightened for the yield: this is what the user asked for
                target += ", asked " + " ".join(
                    f"{'≥≤'[side]} {quantity(bound, spec['unit'])}" for side, bound in enumerate(spec["asked"]) if bound is not None
                )
            if result is None:
                rows.append(("·", spec["name"], target, "—", ""))
                continue
            margin = result.get("margin")
            sign = "·" if result["met"] and share else "✓" if result["met"] else "~" if margin is not None and margin > -NEAR else "✗"
            value = quantity(result["value"], shown_unit(spec))
            if result.get("bound"):
                value = f"{result['bound']} {value} ({result.get('why', '')})"
            elif not result["met"] and value in target:
                # it would read as its bound, which it has not reached
                value = quantity(result["value"], shown_unit(spec), 7)
            device = result.get("why", "") if result["value"] is not None and not result.get("bound") else ""
            rows.append((sign, spec["name"], target, value, result.get("corner", "") + (f", {device}" if device else "")))
        return rows

    def size_rows(self, index: int | None = None) -> list[tuple[str, str, str, str]]:
        """(name, value, range, role)."""
        sizing = self.turn(index).get("sizing") or {}
        return [
            (row["name"], quantity(sizing.get(row["name"]), row["unit"]), f"{quantity(row['minimum'], row['unit'])} … {quantity(row['maximum'], row['unit'])}", ("locked · " if row.get("locked") else "") + row["role"])
            for row in self.started.get("parameters", ())
        ]  # fmt: skip

    def turn_rows(self, start: int = 0) -> list[tuple[str, str, str, str]]:
        """(number, score, policy, reasoning), from a place on."""
        rows = []
        for turn in self.turns[start:]:
            proposal = turn.get("proposal", {})
            words = str(proposal.get("error") or proposal.get("reasoning") or "")
            share = self.share(turn)
            reached = score(turn.get("score", 0.0))
            rows.append(
                (
                    str(turn["index"]),
                    f"≤ {reached}" if share else reached,
                    str(proposal.get("policy", "")),
                    ": ".join(text for text in (share, printable(words)) if text),
                )
            )
        return rows

    @property
    def interrupted(self) -> str:
        """The status of a run whose process is gone before its end."""
        return f"{self.started.get('problem', '')} · interrupted after turn {max((turn['index'] for turn in self.turns), default=0)} · best {score(self.best.get('score', 0.0))} at turn {self.best.get('index', 0)} · resume goes on with it"

    @property
    def status(self) -> str:
        if not self.started:
            return "no run"
        reasons = {"met": "every spec met", "budget": "budget spent", "no progress": "no progress", "user": "stopped"}
        stop = self.finished.get("stop")
        word = (
            reasons.get(stop, stop)
            if stop
            else "waiting for your word"
            if self.review and self.pending
            else "paused"
            if self.paused
            else "running"
        )
        spent = sum(turn["index"] > 0 and "evaluation" in turn for turn in self.turns)
        budget = self.started.get("budget", {}).get("simulations", 0)
        return f"{self.started.get('problem', '')} · {word} · best {score(self.best.get('score', 0.0))} at turn {self.best.get('index', 0)} · {spent}/{budget} simulations"


def printable(text: str) -> str:
    """One line without control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def score(value: float) -> str:
    """Never rounded up to 1."""
    return "1" if value >= 1.0 else f"{math.floor(value * 1e4) / 1e4:.4f}"


def quantity(value: Any, unit: str, digits: int = 4) -> str:
    """A few digits with a prefix: 12.83 um."""
    return format_quantity(value if isinstance(value, (int, float)) and math.isfinite(value) else None, unit, digits)
