"""The stream is the output of `eda-agent size --events`: JSON lines, folded into the dock's content, without a
window.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

from .failing import failures
from .shared import BUDGET, VERSION, RunState, is_close, share_text, stop_text
from .units import format_quantity, shown_unit
from .wording import printable, score


class Lines:
    """Bytes in, complete objects out. A line that is not an object is counted in `broken` and dropped."""

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
    """A run as the dock shows it. `state`: the fold of its events. `warnings`: texts that the user has not seen yet,
    such as a failed command.
    """

    state: RunState = field(default_factory=RunState)
    folder: str = ""
    log: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    fault: str = ""

    def apply(self, event: dict[str, Any]) -> None:
        """Apply an event; one of another version sets `fault`."""
        kind = event["type"]
        if event.get("v", VERSION) > VERSION:
            self.fault = (
                f"this eda-agent writes version {event['v']} of its events, but the plugin reads {VERSION}: update the"
                " plugin with 'eda-agent klayout install'"
            )
            return
        self.state.apply(event)
        if kind == "run.started":
            self.folder = str(event.get("folder", self.folder))
        elif kind in ("problem.changed", "spec.changed"):
            self.log += [str(line) for line in event.get("diff", ())]
        elif kind == "log":
            self.log.append(str(event.get("message", "")))
            if event.get("level") == "warning":
                self.warnings.append(self.log[-1])
        elif kind == "sim.failed":
            self.log.append(
                f"{event.get('testbench')} in {event.get('corner')}: {event.get('kind')}: {event.get('words', '')}"
            )
        elif kind == "policy.changed":
            self.log.append(f"{event.get('before')}: {event.get('reason')}; next policy: {event.get('after')}")
        elif kind == "verified":
            self.log += [f"! {row['text']}" for row in event.get("left_saturation", ())]
            self.warnings += [str(row["text"]) for row in event.get("left_saturation", ())]

    @property
    def started(self) -> dict[str, Any]:
        """The event run.started with the present specs, parameters and budget."""
        return self.state.started

    @property
    def turns(self) -> list[dict[str, Any]]:
        return self.state.turns

    @property
    def best(self) -> dict[str, Any]:
        return self.state.best

    @property
    def finished(self) -> dict[str, Any]:
        return self.state.finished

    @property
    def paused(self) -> bool:
        return self.state.paused

    @property
    def review(self) -> bool:
        return self.state.review

    @property
    def pending(self) -> dict[str, Any]:
        """The proposal that is being simulated or reviewed, {} without one."""
        return self.state.pending[0] if self.state.pending else {}

    @property
    def waits(self) -> bool:
        """Whether a proposal waits for the user's decision."""
        return self.review and bool(self.pending)

    @property
    def curve(self) -> list[float]:
        return self.state.curve

    @property
    def budget_spent(self) -> int:
        """The budget in simulations of a run that ended because it was spent, else 0."""
        found = int(self.started.get("budget", {}).get("simulations") or 0)
        return found if self.finished.get("stop") == BUDGET and self.state.simulations >= found else 0

    def share(self, turn: dict[str, Any]) -> str:
        """`3 of 17 corners` of a turn that was simulated in fewer than all, whose score is a bound; else ""."""
        return share_text(turn, self.state.corners)

    def turn(self, index: int | None) -> dict[str, Any]:
        wanted = self.best.get("index", 0) if index is None else index
        return next((turn for turn in reversed(self.turns) if turn["index"] == wanted), {})

    def spec_rows(self, index: int | None = None) -> list[tuple[str, str, str, str, str]]:
        """(sign, name, target, value in the worst corner, that corner); the sign is ✓, ~ (near), ✗, or · if unknown."""
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
                # tightened for yield: this is the user's target
                target += ", asked " + " ".join(
                    f"{'≥≤'[side]} {quantity(bound, spec['unit'])}"
                    for side, bound in enumerate(spec["asked"])
                    if bound is not None
                )
            if result is None:
                rows.append(("·", spec["name"], target, "—", ""))
                continue
            sign = (
                "·"
                if result["met"] and share
                else "✓"
                if result["met"]
                else "~"
                if is_close(spec, result["value"], result.get("bound", ""))
                else "✗"
            )
            value = quantity(result["value"], shown_unit(spec))
            if result.get("bound"):
                value = f"{result['bound']} {value} ({result.get('why', '')})"
            elif not result["met"] and value in target:
                # a missed value would round to its bound
                value = quantity(result["value"], shown_unit(spec), 7)
            device = printable(str(result.get("why") or "")) if not result.get("bound") else ""
            rows.append(
                (sign, spec["name"], target, value, result.get("corner", "") + (f", {device}" if device else ""))
            )
        return rows

    def size_rows(self, index: int | None = None) -> list[tuple[str, str, str, str]]:
        """(name, value, range, role)."""
        sizing = self.turn(index).get("sizing") or {}
        return [
            (
                row["name"],
                quantity(sizing.get(row["name"]), row["unit"]),
                f"{quantity(row['minimum'], row['unit'])} … {quantity(row['maximum'], row['unit'])}",
                ("locked · " if row.get("locked") else "") + row["role"],
            )
            for row in self.started.get("parameters", ())
        ]

    def turn_rows(self, start: int = 0) -> list[tuple[str, str, str, str]]:
        """(number, score, policy, reasoning), from a place on."""
        rows = []
        for turn in self.turns[start:]:
            proposal = turn.get("proposal", {})
            words = str(proposal.get("error") or proposal.get("reasoning") or "")
            share = self.share(turn)
            # what was rejected, or is no sizing, has no score
            reached = score(turn.get("score", 0.0)) if turn.get("sizing", {}) is not None else "—"
            rows.append(
                (
                    str(turn["index"]),
                    f"≤ {reached}" if share else reached,
                    str(proposal.get("policy", "")),
                    ": ".join(
                        text for text in (share, failures(turn.get("evaluation") or {}), printable(words)) if text
                    ),
                )
            )
        return rows

    @property
    def interrupted(self) -> str:
        """The status of a run whose process ended before the run."""
        return (
            f"{self.started.get('problem', '')} · interrupted after turn"
            f" {max((turn['index'] for turn in self.turns), default=0)} · score {score(self.best.get('score', 0.0))} at"
            f" turn {self.best.get('index', 0)} · resume continues it"
        )

    @property
    def status(self) -> str:
        if not self.started:
            return "no run"
        stop = self.finished.get("stop")
        word = (
            stop_text(str(stop))
            if stop
            else "waiting for your decision"
            if self.waits
            else "paused"
            if self.paused
            else "running"
        )
        budget = self.started.get("budget", {}).get("simulations", 0)
        return (
            f"{self.started.get('problem', '')} · {word} · score {score(self.best.get('score', 0.0))} at turn"
            f" {self.best.get('index', 0)} · {self.state.simulations}/{budget} simulations"
        )


def quantity(value: Any, unit: str, digits: int = 4) -> str:
    """A few digits with a prefix: 12.83 um."""
    return format_quantity(value if isinstance(value, (int, float)) and math.isfinite(value) else None, unit, digits)
