"""Run controls turn the user's keys into commands to the run's process, and ask for values where a command needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.app import App

from eda_agent.agent.commands import Command, command_from
from eda_agent.errors import EdaAgentError
from eda_agent.record.fold import RunState
from eda_agent.tui.panels import CurvePanel, SizesPanel, SpecsPanel, StatusBar, TurnsPanel
from eda_agent.tui.process import RunProcess
from eda_agent.tui.screens.ask import Ask
from eda_agent.units import format_quantity, shown_unit

WAKING = {"target", "lock", "unlock", "range", "try", "hint", "back", "return", "policy", "spend"}
"""Commands that make sense of a run that has ended: it is gone on with."""


class RunControls(App[None]):
    """`run_process` takes commands, None for a replay. Undo sends what a command has undone."""

    def __init__(self, folder: Path, run: RunProcess | None):
        super().__init__()
        self.folder, self.run_process = folder, run
        self.state = RunState()
        # kept here: a query finds only what is on the screen that lies on top
        self.bar, self.specs, self.sizes = StatusBar(id="status"), SpecsPanel(id="specs"), SizesPanel(id="sizes")
        self.curve, self.turns = CurvePanel(id="progress"), TurnsPanel(id="turns")
        self._undo: list[Command] = []
        self._woken_from: dict[str, Any] | None = None

    def tell(self, **data: Any) -> bool:
        """Send a command; whether it was. Where it asks a run that has ended for something else, the run is gone on with, and waits."""
        if self.run_process is None:
            self.notify("this is a replay: it takes no commands", severity="warning")
            return False
        try:
            given = command_from(data)
            if given.do in WAKING and self.state.started and (self._ended or not self.run_process.alive):
                self._wake_after(given)
                return True
            self.run_process.send(given)
        except EdaAgentError as error:
            self.notify(str(error), severity="error", timeout=10)
            return False
        return True

    @property
    def _ended(self) -> bool:
        """Whether the run has said its last word, and was not taken up again since."""
        return bool(self.state.finished) and self.state.finished is not self._woken_from

    def _wake_after(self, given: Command) -> None:
        """Take the run up again once its process has gone: one that has said its last word, but still ends, obeys nothing more."""
        assert self.run_process is not None
        if self.run_process.alive:
            if self._ended:
                self.set_timer(0.05, lambda: self._wake_after(given))
            else:
                self.run_process.send(given)
            return
        self.wake(command_from({"do": "pause"}), given)
        self.notify("the run had ended: it is taken up again and waits, p goes on")

    def wake(self, *commands: Command) -> None:
        """Take up again a run that has ended; it obeys these first."""
        assert self.run_process is not None
        self._woken_from = self.state.finished
        self.run_process = self.run_process.resume(*commands)

    def action_pause(self) -> None:
        """Pause, and go on: also with a run that has ended, where there is something left to do."""
        if self.run_process is None or self.run_process.alive or not self.state.started:
            self.tell(do="resume" if self.state.paused else "pause")
        elif self.state.best.get("met"):
            self.notify("every spec is met: another target (g) gives it something to do", severity="warning")
        elif self.state.simulations >= self.allowed:
            self.notify("the budget is spent: + gives it more", severity="warning")
        else:
            self.wake()

    @property
    def allowed(self) -> int:
        """Simulations that the run may take in all."""
        return int(self.state.started.get("budget", {}).get("simulations", 0))

    def action_more(self) -> None:
        """Another number of simulations for the whole run."""
        self._ask(
            "Simulations of the run in all",
            {"simulations": str(2 * self.allowed)},
            lambda given: self.tell(do="spend", simulations=int(given["simulations"]) if given["simulations"].strip().isdigit() else 0),
        )

    def action_stop(self) -> None:
        def stop(sure: dict[str, str] | None) -> None:
            if sure is not None and self.tell(do="stop"):
                self.notify("stopping after this turn; the best is kept")

        self.push_screen(Ask("Stop the run and keep the best?", {}, confirm="stop"), stop)

    def action_review(self) -> None:
        if self.tell(do="review", on=not self.state.review):
            self.notify(
                "every proposal waits for your word: a accept, r reject, e edit" if not self.state.review else "proposals are played again"
            )

    def action_accept(self) -> None:
        self.tell(do="accept")

    def action_reject(self) -> None:
        self._ask("Why not? The policy will read it.", {"why": ""}, lambda given: self.tell(do="reject", why=given["why"]))

    def action_hint(self) -> None:
        self._ask(
            "A word for the policy", {"text": ""}, lambda given: given["text"].strip() and self.tell(do="hint", text=given["text"].strip())
        )

    def action_edit(self) -> None:
        if not self.state.pending or not self.state.review:
            self.notify("no proposal waits for you: v lets you review them", severity="warning")
            return
        sizing = self.state.pending[0].get("sizing") or {}
        self._ask_sizes("Edit the proposal", sizing, "edit")

    def action_try(self) -> None:
        best = self.state.best.get("sizing") or {}
        self._ask_sizes("Simulate sizes of your own", best, "try")

    def _ask_sizes(self, title: str, sizing: dict[str, float], do: str) -> None:
        units = {entry["name"]: entry["unit"] for entry in self.state.started.get("parameters", ())}
        shown = {name: format_quantity(value, units.get(name, ""), 6).replace(" ", "") for name, value in sizing.items() if name in units}

        def send(given: dict[str, str]) -> None:
            changed = {name: text for name, text in given.items() if text != shown.get(name)}
            if changed or do == "edit":
                self.tell(do=do, sizing=changed or dict(list(given.items())[:1]))

        if shown:
            self._ask(title, shown, send)

    def action_target(self) -> None:
        specs = self.state.started.get("specs", ())
        place = self.specs.selected
        if place >= len(specs):
            return
        spec = specs[place]
        sides = {side: spec[side] for side in ("minimum", "maximum") if spec.get(side) is not None}

        def send(given: dict[str, str]) -> None:
            if self.tell(do="target", spec=spec["name"], **given):
                self._undo.append(command_from({"do": "target", "spec": spec["name"], **sides}))

        self._ask(
            f"Target of {spec['name']}",
            {side: format_quantity(value, shown_unit(spec), 6).replace(" ", "") for side, value in sides.items()},
            send,
        )

    def _parameter(self) -> dict[str, Any] | None:
        parameters = self.state.started.get("parameters", ())
        place = self.sizes.selected
        return parameters[place] if place < len(parameters) else None

    def action_lock(self) -> None:
        entry = self._parameter()
        if entry is None:
            return
        name = entry["name"]
        if entry.get("locked"):
            if self.tell(do="unlock", parameter=name):
                self._undo.append(command_from({"do": "lock", "parameter": name, "value": entry["minimum"]}))
        elif self.tell(do="lock", parameter=name):
            self._undo.append(command_from({"do": "unlock", "parameter": name}))

    def action_narrow(self) -> None:
        entry = self._parameter()
        if entry is None:
            return
        ends = {side: format_quantity(entry[side], entry["unit"], 6).replace(" ", "") for side in ("minimum", "maximum")}

        def send(given: dict[str, str]) -> None:
            if self.tell(do="range", parameter=entry["name"], **given):
                self._undo.append(
                    command_from({"do": "range", "parameter": entry["name"], "minimum": entry["minimum"], "maximum": entry["maximum"]})
                )

        self._ask(f"Range of {entry['name']}", ends, send)

    def action_branch(self) -> None:
        turn = self.turns.selected
        if turn is not None and turn < len(self.state.turns) - 1 and self.tell(do="back", turn=turn):
            self._undo.append(command_from({"do": "return"}))
            self.notify(f"going on from turn {turn}; u brings back what came later")

    def action_undo(self) -> None:
        if not self._undo:
            self.notify("nothing to undo")
            return
        if self.tell(**self._undo[-1].data()):
            last = self._undo.pop()
            self.notify(" ".join(["undone:", last.do, *(str(last.fields[name]) for name in ("spec", "parameter") if name in last.fields)]))

    def action_policy(self) -> None:
        self._ask(
            "Another policy from here on",
            {"name": self.state.policy.get("name") or self.state.started.get("policy", "")},
            lambda given: self.tell(do="policy", name=given["name"].strip()),
        )

    def _ask(self, title: str, fields: dict[str, str], then: Any) -> None:
        def answered(given: dict[str, str] | None) -> None:
            if given is not None:
                then(given)

        if self.run_process is None:
            self.notify("this is a replay: it takes no commands", severity="warning")
        else:
            self.push_screen(Ask(title, fields), answered)
