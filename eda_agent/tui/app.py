"""The app shows a run and lets the user take part in it: it folds events as they come, draws what changed, and sends orders."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Footer

from eda_agent.agent.orders import Order, order
from eda_agent.errors import EdaAgentError, InputError
from eda_agent.record.fold import RunState
from eda_agent.tui.feed import Feed, JournalFeed
from eda_agent.tui.panels import CurvePanel, SizesPanel, SpecsPanel, StatusBar, Table, TurnsPanel
from eda_agent.tui.process import RunProcess, start
from eda_agent.tui.screens.ask import Ask
from eda_agent.tui.screens.details import CircuitScreen, DiffScreen, FailureScreen, FrontScreen, HelpScreen, PointsScreen, TurnScreen
from eda_agent.tui.screens.draft import DraftScreen
from eda_agent.tui.screens.runs import RunsScreen
from eda_agent.tui.screens.simulated import MonteCarloScreen, SensitivityScreen, WavesScreen
from eda_agent.tui.settings import Settings, read_settings, write_settings
from eda_agent.tui.view import Status, describe, status
from eda_agent.units import format_quantity

TICK = 0.05
"""Seconds between two looks at the feed."""
ALIVE = 1.0
"""Seconds between two looks whether the run has a process."""


class SizingApp(App[None]):
    """`feed` gives the events; `run` takes orders, None for a replay. `folder`: of the run. `draft`: a netlist whose run is yet to be begun."""

    CSS_PATH = "app.tcss"
    TITLE = "eda-agent"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "pause", id="pause"),
        Binding("s", "stop", "stop", id="stop"),
        Binding("v", "review", "review", id="review"),
        Binding("a", "accept", "accept", show=False, id="accept"),
        Binding("r", "reject", "reject", show=False, id="reject"),
        Binding("e", "edit", "edit proposal", show=False, id="edit"),
        Binding("t", "try", "try", id="try"),
        Binding("h", "hint", "hint", id="hint"),
        Binding("g", "target", "target", id="target"),
        Binding("l", "lock", "lock", id="lock"),
        Binding("n", "narrow", "range", show=False, id="narrow"),
        Binding("b", "branch", "back", id="branch"),
        Binding("u", "undo", "undo", id="undo"),
        Binding("x", "policy", "policy", id="policy"),
        Binding("o", "points", "points", id="points"),
        Binding("f", "front", "front", id="front"),
        Binding("d", "diff", "diff", id="diff"),
        Binding("k", "circuit", "circuit", id="circuit"),
        Binding("w", "waves", "waves", id="waves"),
        Binding("z", "sensitivity", "sensitivity", show=False, id="sensitivity"),
        Binding("m", "monte_carlo", "Monte Carlo", show=False, id="monte_carlo"),
        Binding("j", "failures", "failures", show=False, id="failures"),
        Binding("c", "runs", "runs", id="runs"),
        Binding("y", "copy('text')", "copy", show=False, id="copy"),
        Binding("Y", "copy('json')", "copy as JSON", show=False, id="copy_json"),
        Binding("ctrl+y", "copy('netlist')", "copy the netlist", show=False, id="copy_netlist"),
        Binding("i", "follow", "best", show=False, id="follow"),
        Binding("1", "below('turns')", "turns", show=False, id="below_turns"),
        Binding("2", "below('sizes')", "sizes", show=False, id="below_sizes"),
        Binding("3", "below('curve')", "curve", show=False, id="below_curve"),
        Binding("question_mark", "help", "help", id="help"),
        Binding("q", "quit", "quit", id="quit"),
    ]

    def __init__(self, feed: Feed, folder: Path, run: RunProcess | None = None, draft: Path | None = None):
        super().__init__()
        self.draft = draft
        self.settings = Settings()
        self.feed, self.folder, self.run_process = feed, folder, run
        self.state = RunState()
        self.shown: int | None = None
        self.broken = ""
        # kept here: a query finds only what is on the screen that lies on top
        self.bar, self.specs, self.sizes = StatusBar(id="status"), SpecsPanel(id="specs"), SizesPanel(id="sizes")
        self.curve, self.turns = CurvePanel(id="progress"), TurnsPanel(id="turns")
        self._alive = run is not None
        self._undo: list[Order] = []

    def compose(self) -> ComposeResult:
        yield self.bar
        with Container(id="main"):
            yield self.specs
            yield self.sizes
            yield self.curve
            yield self.turns
        yield Footer()

    def on_mount(self) -> None:
        self._use_settings()
        self.action_below("turns")
        if self.draft is not None:
            self.push_screen(DraftScreen(self.draft, self.begin))
        self.look()
        self.set_interval(TICK, self.look)
        self.set_interval(ALIVE, self.look_alive)

    def _use_settings(self) -> None:
        try:
            self.settings = read_settings([str(binding.id) for binding in self.BINDINGS if isinstance(binding, Binding)])
            if self.settings.theme and self.settings.theme not in self.available_themes:
                raise InputError(
                    f"settings: there is no theme {self.settings.theme!r}\n    → one of {', '.join(sorted(self.available_themes))}"
                )
            if self.settings.theme:
                self.theme = self.settings.theme
            self.set_keymap(self.settings.keys)
        except EdaAgentError as error:
            self.notify(str(error), severity="warning", timeout=15)
        self.watch(self, "theme", self._keep_theme, init=False)

    def _keep_theme(self, theme: str) -> None:
        """What was chosen in the palette is there the next time."""
        if theme != self.settings.theme:
            self.settings = Settings(theme, self.settings.keys)
            with contextlib.suppress(OSError):
                write_settings(self.settings)

    def begin(self, spec: Path) -> None:
        """Start a run of a spec, and show it."""
        self.open_run(self.folder, start(spec, self.folder))

    def open_run(self, folder: Path, run: RunProcess | None = None) -> None:
        """Show another run: as it stands, and as it goes on where somebody runs it."""
        self.feed, self.folder, self.run_process = JournalFeed(folder / "journal.jsonl"), folder, run or RunProcess(folder)
        self.state, self.shown, self.broken = RunState(), None, ""
        self._undo.clear()
        self._alive = self.run_process.alive
        self.look()

    def look(self) -> None:
        """Take what came in, and draw what it changed."""
        if self.broken or not self.bar.is_attached:
            return
        try:
            events = self.feed.read()
        except EdaAgentError as error:
            # what was read before it stays on the screen
            self.broken = str(error).splitlines()[0]
            self.notify(str(error), title="the journal cannot be read further", severity="error", timeout=30)
            events = []
        for event in events:
            self.state.apply(event)
            if event["type"] == "log":
                self.notify(str(event.get("message", "")), severity="warning", timeout=10)
            elif event["type"] == "policy.changed":
                self.notify(f"{event['before']} hands over to {event['after']} ({event['reason']})", timeout=6)
        if events:
            self.draw()
        else:
            self.draw_status()

    def look_alive(self) -> None:
        if self.run_process is None:
            return
        self._alive = self.run_process.alive
        failure = self.run_process.failure
        if failure and not self.broken:
            self.broken = failure.splitlines()[0]
            self.notify(failure, title="the run could not start", severity="error", timeout=60)

    def draw(self) -> None:
        """Everything that a turn may have changed."""
        self.specs.show(self.state, self.shown)
        self.sizes.show(self.state, self.shown)
        self.turns.show(self.state)
        self.curve.show(self.state)
        self.draw_status()

    def draw_status(self) -> None:
        self.bar.show(self.status, self.broken)

    @property
    def status(self) -> Status:
        return status(self.state, time.time(), self._alive)

    def on_data_table_row_highlighted(self, event: Any) -> None:
        """The turn under the cursor is what specs and sizes show; on the newest it is the best again."""
        if event.data_table.id != "turn-table" or not event.data_table.has_focus:
            return
        panel = self.turns
        last = event.data_table.cursor_row >= event.data_table.row_count - 1
        shown = None if last else panel.selected
        if shown != self.shown:
            self.shown = shown
            self.specs.show(self.state, shown)
            self.sizes.show(self.state, shown)

    def on_data_table_row_selected(self, event: Any) -> None:
        """Enter, or a second click, on a row."""
        match event.data_table.id:
            case "turn-table":
                self.push_screen(TurnScreen(self.state, self.turns.selected))
            case "spec-table":
                self.action_target()
            case "size-table":
                self.action_try()

    def tell(self, **data: Any) -> bool:
        """Send an order; whether it was."""
        if self.run_process is None:
            self.notify("this is a replay: it takes no orders", severity="warning")
            return False
        try:
            self.run_process.send(order(data))
        except EdaAgentError as error:
            self.notify(str(error), severity="error", timeout=10)
            return False
        return True

    def action_below(self, panel: str) -> None:
        """Bring a panel to the front: where there is no room for all, it stands below the specs."""
        base = self.screen_stack[0]
        for name in ("turns", "sizes", "curve"):
            base.set_class(name == panel, f"-below-{name}")
        if panel != "curve":
            (self.turns if panel == "turns" else self.sizes).query_one(Table).focus()

    def action_pause(self) -> None:
        self.tell(do="resume" if self.state.paused else "pause")

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
                self._undo.append(order({"do": "target", "spec": spec["name"], **sides}))

        self._ask(
            f"Target of {spec['name']}",
            {side: format_quantity(value, spec["unit"], 6).replace(" ", "") for side, value in sides.items()},
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
                self._undo.append(order({"do": "lock", "parameter": name, "value": entry["minimum"]}))
        elif self.tell(do="lock", parameter=name):
            self._undo.append(order({"do": "unlock", "parameter": name}))

    def action_narrow(self) -> None:
        entry = self._parameter()
        if entry is None:
            return
        ends = {side: format_quantity(entry[side], entry["unit"], 6).replace(" ", "") for side in ("minimum", "maximum")}

        def send(given: dict[str, str]) -> None:
            if self.tell(do="range", parameter=entry["name"], **given):
                self._undo.append(
                    order({"do": "range", "parameter": entry["name"], "minimum": entry["minimum"], "maximum": entry["maximum"]})
                )

        self._ask(f"Range of {entry['name']}", ends, send)

    def action_branch(self) -> None:
        turn = self.turns.selected
        if turn is not None and turn < len(self.state.turns) - 1 and self.tell(do="back", turn=turn):
            self._undo.append(order({"do": "return"}))
            self.notify(f"going on from turn {turn}; u brings back what came later")

    def action_undo(self) -> None:
        if not self._undo:
            self.notify("nothing to undo")
            return
        if self.tell(**self._undo[-1].data()):
            self._undo.pop()

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
            self.notify("this is a replay: it takes no orders", severity="warning")
        else:
            self.push_screen(Ask(title, fields), answered)

    def action_points(self) -> None:
        self.push_screen(PointsScreen(self.state, self.shown))

    def action_front(self) -> None:
        self.push_screen(FrontScreen(self.state))

    def action_diff(self) -> None:
        self.push_screen(DiffScreen(self.state, self.folder, self.shown))

    def action_circuit(self) -> None:
        self.push_screen(CircuitScreen(self.state, self.folder, self.shown))

    def action_waves(self) -> None:
        self.push_screen(WavesScreen(self.state, self.folder, self.shown))

    def action_sensitivity(self) -> None:
        self.push_screen(SensitivityScreen(self.state, self.folder, self.shown))

    def action_monte_carlo(self) -> None:
        self.push_screen(MonteCarloScreen(self.state, self.folder, self.shown))

    def action_failures(self) -> None:
        self.push_screen(FailureScreen(self.state))

    def action_runs(self) -> None:
        self.push_screen(RunsScreen(self.folder.parent, self.folder))

    def action_help(self) -> None:
        self.push_screen(HelpScreen(self))

    def action_copy(self, what: str) -> None:
        """The best to the clipboard: specs and sizes as lines of text, sizes as JSON, or the sized netlist."""
        try:
            if what == "netlist":
                self.copy_to_clipboard((self.folder / "sized.spice").read_text(encoding="utf-8"))
            else:
                self.copy_to_clipboard(describe(self.state) if what == "text" else json.dumps(self.state.best.get("sizing", {})))
        except OSError:
            self.notify("the sized netlist is written when the run ends", severity="warning")
            return
        self.notify(
            {
                "text": "copied: specs and sizes of the best",
                "json": "copied: sizes of the best as JSON",
                "netlist": "copied: the sized netlist",
            }[what]
        )

    def action_follow(self) -> None:
        """Show the best again."""
        self.turns.table.move_cursor(row=max(0, len(self.state.turns) - 1))
        self.shown = None
        self.draw()
