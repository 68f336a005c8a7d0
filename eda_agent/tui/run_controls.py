"""Run controls turn the user's keys into commands to the run, and ask for values if a command needs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import App

from eda_agent.agent.commands import Command, command_from
from eda_agent.agent.policies.registry import POLICIES
from eda_agent.record.branches import Branch
from eda_agent.tui import field_checks
from eda_agent.tui.panels import SizesPanel, SpecsPanel, TurnsPanel
from eda_agent.tui.proposal import deciding
from eda_agent.tui.run_link import REPLAY, RunLink
from eda_agent.tui.screens.ask import Ask
from eda_agent.tui.table import Table
from eda_agent.units import format_quantity, shown_unit


class RunControls:
    """One method per key. The cursors of the panels select the spec, size or turn. Undo reverts the last command."""

    def __init__(self, app: App[None], link: RunLink, specs: SpecsPanel, sizes: SizesPanel, turns: TurnsPanel):
        self.app, self.link = app, link
        self.specs, self.sizes, self.turns = specs, sizes, turns
        self._undo: list[Command] = []

    def reset(self) -> None:
        """Forget the undo history, because another run is shown."""
        self._undo.clear()

    def below(self, panel: str) -> None:
        """Bring a panel to the front: in a narrow terminal it is shown below the specs."""
        base = self.app.screen_stack[0]
        for name in ("turns", "sizes", "curve"):
            base.set_class(name == panel, f"-below-{name}")
        if panel != "curve":
            (self.turns.table if panel == "turns" else self.sizes.query_one(Table)).focus()

    def go(self, branch: Branch) -> None:
        """Show a branch of the present line; return to the one that was set aside last."""
        best = branch.best(self.link.state.corners) or branch.turns[-1]
        if branch.present:
            self.below("turns")
            self.turns.table.filter("")
            self.turns.table.move_cursor(self.link.state.turns.index(best))
        elif branch.left == len(self.link.state.left) - 1:
            self._reopen("return to the branch that was set aside last", lambda: self.link.tell(do="return"))
        else:
            self.app.notify("only the branch that was set aside last can be returned to", severity="warning")

    def pause(self) -> None:
        """Pause or continue, also a run that has ended if it can continue."""
        if self.link.process is None or self.link.process.alive or not self.link.state.started:
            self.link.toggle_pause()
        elif self.link.state.best.get("met"):
            self.app.notify("every spec is met: g changes a target", severity="warning")
        elif self.link.state.simulations >= self.link.allowed:
            self.app.notify("the budget is spent: + increases it", severity="warning")
        else:
            self.link.wake()

    def more(self) -> None:
        """Ask for the total number of simulations of the run."""
        self._ask(
            "Total number of simulations of the run",
            {"simulations": str(2 * self.link.allowed)},
            lambda given: self.link.tell(do="spend", simulations=int(given["simulations"])),
            field_checks.budget(self.link.state.simulations),
        )

    def stop(self) -> None:
        def answered(sure: dict[str, str] | None) -> None:
            if sure is not None and self.link.tell(do="stop"):
                self.app.notify("stopping after this turn; the best is kept")

        if self.link.closed:
            self.app.notify("the run has ended already; its best is kept", severity="warning")
        else:
            self.app.push_screen(Ask("Stop the run and keep the best?", {}, confirm="stop"), answered)

    def _reopen(self, change: str, then: Callable[[], object]) -> None:
        """Ask before a change that has no form reopens a run that has ended."""
        if not self.link.closed:
            then()
            return
        question = f"The run has ended. Reopen it and {change}? It is paused then; p continues it."

        def answered(sure: dict[str, str] | None) -> None:
            if sure is not None:
                then()

        self.app.push_screen(Ask(question, {}, confirm="reopen"), answered)

    def review(self) -> None:
        if self.link.tell(do="review", on=not self.link.state.review):
            self.app.notify(
                "every proposal waits for your decision: a accept, r reject, e edit"
                if not self.link.state.review
                else "proposals are played without review"
            )

    def _nothing_waits(self) -> bool:
        if self.link.process is not None and deciding(self.link.state):
            return False
        self.app.notify(
            "no proposal is waiting: v starts reviewing" if self.link.process is not None else REPLAY,
            severity="warning",
        )
        return True

    def accept(self) -> None:
        if not self._nothing_waits():
            self.link.tell(do="accept")

    def reject(self) -> None:
        if self._nothing_waits():
            return
        self._ask(
            "Reason for the rejection (the policy reads it)",
            {"why": ""},
            lambda given: self.link.tell(do="reject", why=given["why"]),
        )

    def hint(self) -> None:
        self._ask(
            "Hint for the policy",
            {"text": ""},
            lambda given: self.link.tell(do="hint", text=given["text"].strip()),
            field_checks.filled,
        )

    def edit(self) -> None:
        if self._nothing_waits():
            return
        sizing = (self.link.state.pending[0].get("sizing") or {}) if self.link.state.pending else {}
        self._ask_sizes("Edit the proposal", sizing, "edit")

    def try_sizing(self) -> None:
        best = self.link.state.best.get("sizing") or {}
        self._ask_sizes("Simulate your own sizes", best, "try")

    def _ask_sizes(self, title: str, sizing: dict[str, float], do: str) -> None:
        units = {entry["name"]: entry["unit"] for entry in self.link.state.started.get("parameters", ())}
        shown = {
            name: format_quantity(value, units.get(name, ""), 6).replace(" ", "")
            for name, value in sizing.items()
            if name in units
        }

        def send(given: dict[str, str]) -> None:
            changed = {name: text for name, text in given.items() if text != shown.get(name)}
            if changed or do == "edit":
                self.link.tell(do=do, sizing=changed or dict(list(given.items())[:1]))

        if shown:
            parameters = self.link.state.started.get("parameters", ())
            ranges = {entry["name"]: field_checks.range_text(entry) for entry in parameters}
            self._ask(title, shown, send, field_checks.sizes(parameters), ranges)

    def target(self) -> None:
        specs = self.link.state.started.get("specs", ())
        place = self.specs.selected
        if not 0 <= place < len(specs):
            return
        spec = specs[place]
        sides = {side: spec[side] for side in ("minimum", "maximum") if spec.get(side) is not None}

        def send(given: dict[str, str]) -> None:
            if self.link.tell(do="target", spec=spec["name"], **given):
                self._undo.append(command_from({"do": "target", "spec": spec["name"], **sides}))

        self._ask(
            f"Target of {spec['name']}",
            {side: format_quantity(value, shown_unit(spec), 6).replace(" ", "") for side, value in sides.items()},
            send,
            field_checks.bounds(shown_unit(spec)),
        )

    def _parameter(self) -> dict[str, Any] | None:
        parameters = self.link.state.started.get("parameters", ())
        place = self.sizes.selected
        return parameters[place] if 0 <= place < len(parameters) else None

    def lock(self) -> None:
        entry = self._parameter()
        if entry is None:
            return
        name = entry["name"]
        self._reopen(f"{'unlock' if entry.get('locked') else 'lock'} {name}", lambda: self._lock(entry))

    def _lock(self, entry: dict[str, Any]) -> None:
        name = entry["name"]
        if entry.get("locked"):
            if self.link.tell(do="unlock", parameter=name):
                self._undo.append(command_from({"do": "lock", "parameter": name, "value": entry["minimum"]}))
        elif self.link.tell(do="lock", parameter=name):
            self._undo.append(command_from({"do": "unlock", "parameter": name}))

    def narrow(self) -> None:
        entry = self._parameter()
        if entry is None:
            return
        ends = {
            side: format_quantity(entry[side], entry["unit"], 6).replace(" ", "") for side in ("minimum", "maximum")
        }

        def send(given: dict[str, str]) -> None:
            if self.link.tell(do="range", parameter=entry["name"], **given):
                self._undo.append(
                    command_from(
                        {
                            "do": "range",
                            "parameter": entry["name"],
                            "minimum": entry["minimum"],
                            "maximum": entry["maximum"],
                        }
                    )
                )

        self._ask(f"Range of {entry['name']}", ends, send, field_checks.bounds(entry["unit"]))

    def branch(self) -> None:
        turn = self.turns.selected
        last = len(self.link.state.turns) - 1
        if turn is None or turn >= last:
            self.app.notify("b returns to an earlier turn: move the cursor to one", severity="warning")
            return
        change = f"set aside turns {turn + 1} to {last} (u restores them)"
        self._reopen(change, lambda: self._back(turn))

    def _back(self, turn: int) -> None:
        if self.link.tell(do="back", turn=turn):
            self._undo.append(command_from({"do": "return"}))
            self.app.notify(f"continuing from turn {turn}; u restores the later turns")

    def undo(self) -> None:
        if not self._undo:
            self.app.notify("nothing to undo")
        else:
            self._reopen(f"undo the last change ({self._undo[-1].do})", self._undo_last)

    def _undo_last(self) -> None:
        if self.link.tell(**self._undo[-1].data()):
            last = self._undo.pop()
            self.app.notify(
                " ".join(
                    [
                        "undone:",
                        last.do,
                        *(str(last.fields[name]) for name in ("spec", "parameter") if name in last.fields),
                    ]
                )
            )

    def policy(self) -> None:
        self._ask(
            f"Switch to another policy: {', '.join(POLICIES)}, or python:MODULE.CLASS",
            {"name": self.link.state.policy.get("name") or self.link.state.started.get("policy", "")},
            lambda given: self.link.tell(do="policy", name=given["name"].strip()),
            field_checks.policy(tuple(POLICIES)),
        )

    def _ask(
        self,
        title: str,
        fields: dict[str, str],
        then: Any,
        check: field_checks.Check | None = None,
        notes: dict[str, str] | None = None,
    ) -> None:
        def answered(given: dict[str, str] | None) -> None:
            if given is not None:
                then(given)

        if self.link.process is None:
            self.app.notify(REPLAY, severity="warning")
        else:
            self.app.push_screen(Ask(title, fields, check=check, notes=notes), answered)
