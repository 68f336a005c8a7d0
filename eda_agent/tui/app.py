"""The app shows a run: it folds events as they arrive and draws the changes. `run_controls` has the user's commands."""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen

from eda_agent.errors import EdaAgentError, InputError, visible
from eda_agent.record.fold import RunState
from eda_agent.run.process import RunProcess, start
from eda_agent.tui.feed import Feed, JournalFeed
from eda_agent.tui.gc_tuning import GcTuning
from eda_agent.tui.key_bar import KeyBar
from eda_agent.tui.panels import CurvePanel, SizesPanel, SpecsPanel, StatusBar, Table, TurnsPanel
from eda_agent.tui.run_controls import RunControls
from eda_agent.tui.run_link import RunLink
from eda_agent.tui.settings import Settings, read_settings, write_settings
from eda_agent.tui.shown import Shown
from eda_agent.tui.turn_list import TurnList
from eda_agent.tui.view import Status, describe, status

TICK = 0.05
"""Seconds between two reads of the feed."""
ALIVE = 1.0
"""Seconds between two checks whether the run has a process."""


PRELOAD = 0.3
"""Seconds after which the other screens are loaded, so that they open quickly."""


DETAILS = {
    "points": "points.PointsScreen",
    "front": "front.FrontScreen",
    "diff": "diff.DiffScreen",
    "export": "export.ExportScreen",
    "circuit": "circuit.CircuitScreen",
    "waves": "waves.WavesScreen",
    "sensitivity": "sensitivity.SensitivityScreen",
    "monte_carlo": "monte_carlo.MonteCarloScreen",
    "failures": "failures.FailureScreen",
}
"""Name → module and class of a screen about the shown run and turn. Screens are loaded when first opened, or by
`_preload`.
"""


def _preload() -> None:
    for name in (*(place.partition(".")[0] for place in DETAILS.values()), "turn", "help", "runs", "draft"):
        importlib.import_module(f"eda_agent.tui.screens.{name}")


class SizingApp(App[None]):
    """`feed` gives the events; `run` takes commands, None for a replay. `folder`: of the run. `draft`: a netlist whose
    run has not started.
    """

    CSS_PATH = "app.tcss"
    TITLE = "eda-agent"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "control('pause')", "pause", id="pause"),
        Binding("s", "control('stop')", "stop", id="stop"),
        Binding("v", "control('review')", "review", id="review"),
        Binding("a", "control('accept')", "accept", show=False, id="accept"),
        Binding("r", "control('reject')", "reject", show=False, id="reject"),
        Binding("e", "control('edit')", "edit proposal", show=False, id="edit"),
        Binding("t", "control('try_sizing')", "try", id="try"),
        Binding("h", "control('hint')", "hint", id="hint"),
        Binding("g", "control('target')", "target", id="target"),
        Binding("l", "control('lock')", "lock", id="lock"),
        Binding("n", "control('narrow')", "range", show=False, id="narrow"),
        Binding("b", "control('branch')", "back", id="branch"),
        Binding("u", "control('undo')", "undo", id="undo"),
        Binding("x", "control('policy')", "policy", id="policy"),
        Binding("plus", "control('more')", "budget", show=False, id="more"),
        Binding("o", "open('points')", "points", id="points"),
        Binding("f", "open('front')", "front", id="front"),
        Binding("d", "open('diff')", "diff", id="diff"),
        Binding("E", "open('export')", "export", id="export"),
        Binding("k", "open('circuit')", "circuit", id="circuit"),
        Binding("w", "open('waves')", "waves", id="waves"),
        Binding("z", "open('sensitivity')", "sensitivity", show=False, id="sensitivity"),
        Binding("m", "open('monte_carlo')", "Monte Carlo", show=False, id="monte_carlo"),
        Binding("j", "open('failures')", "failures", show=False, id="failures"),
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

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The command palette: every key of the app, and the commands of Textual."""
        from eda_agent.tui.screens.help import HELP

        for binding in self.BINDINGS:
            if isinstance(binding, Binding) and binding.id not in {"help", "quit"}:
                title = f"{binding.description[0].upper()}{binding.description[1:]}"
                action = functools.partial(self.run_action, binding.action)
                yield SystemCommand(f"{title}: {HELP[str(binding.id)]}", "", action)
        yield from super().get_system_commands(screen)

    def __init__(self, feed: Feed, folder: Path, run: RunProcess | None = None, draft: Path | None = None):
        super().__init__()
        # kept here: a query only finds widgets of the top screen
        self.bar, self.specs, self.sizes = StatusBar(id="status"), SpecsPanel(id="specs"), SizesPanel(id="sizes")
        self.curve, self.turns = CurvePanel(id="progress"), TurnsPanel(id="turns")
        self.link = RunLink(self, folder, run)
        self.controls = RunControls(self, self.link, self.specs, self.sizes, self.turns)
        self.draft = draft
        self.settings = Settings()
        self.feed = feed
        self.shown: int | None = None
        self.broken = ""
        self.pauses = GcTuning()
        self._alive = run is not None

    def compose(self) -> ComposeResult:
        yield self.bar
        with Container(id="main"):
            yield self.specs
            yield self.sizes
            yield self.curve
            yield self.turns
        yield KeyBar()

    def on_mount(self) -> None:
        self._use_settings()
        self.action_below("turns")
        if self.draft is not None:
            from eda_agent.tui.screens.draft import DraftScreen

            self.push_screen(DraftScreen(self.draft, self.begin))
        self.look()
        # the first frame does not wait for screens that no key has opened yet
        self.set_timer(PRELOAD, lambda: threading.Thread(target=_preload, daemon=True).start())
        self.set_interval(TICK, self.look)
        self.set_interval(ALIVE, self.look_alive)

    def _use_settings(self) -> None:
        try:
            self.settings = read_settings(
                [str(binding.id) for binding in self.BINDINGS if isinstance(binding, Binding)]
            )
            if self.settings.theme and self.settings.theme not in self.available_themes:
                raise InputError(
                    f"settings: there is no theme {self.settings.theme!r}\n    → one of"
                    f" {', '.join(sorted(self.available_themes))}"
                )
            if self.settings.theme:
                self.theme = self.settings.theme
            self.set_keymap(self.settings.keys)
        except EdaAgentError as error:
            self.notify(str(error), severity="warning", timeout=15)
        self.watch(self, "theme", self._keep_theme, init=False)

    def _keep_theme(self, theme: str) -> None:
        """Keep the theme chosen in the palette for the next start."""
        if theme != self.settings.theme:
            self.settings = Settings(theme, self.settings.keys)
            with contextlib.suppress(OSError):
                write_settings(self.settings)

    def begin(self, spec: Path) -> None:
        """Start a run of a spec and show it."""
        self.open_run(self.folder, start(spec, self.folder))

    def open_run(self, folder: Path, run: RunProcess | None = None) -> None:
        """Show another run: its present state, and its progress if a process runs it."""
        process = run or RunProcess(folder)
        self.feed, self.shown, self.broken = JournalFeed(folder / "journal.jsonl"), None, ""
        self.link.open(folder, process)
        self.controls.reset()
        self._alive = process.alive
        self.look()

    def notify(self, message: str, **options: Any) -> None:
        """Show a note. Its text may come from a journal or a model: brackets are no markup and control characters are
        shown as codes.
        """
        super().notify(visible(message), **{**options, "markup": False})

    def look(self) -> None:
        """Read new events and draw the changes."""
        if self.broken or not self.bar.is_attached:
            return
        try:
            events = self.feed.read()
        except EdaAgentError as error:
            # earlier events stay on the screen
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
            self.pauses.after(len(events), pages=len(self.screen_stack) > 1)
            self.draw()
        else:
            self.draw_status()

    def look_alive(self) -> None:
        process = self.link.process
        if process is None:
            return
        self._alive, failure = process.alive, process.failure
        if failure and not self.broken:
            self.broken = failure.splitlines()[0]
            self.notify(failure, title="the run could not start", severity="error", timeout=60)

    def draw(self) -> None:
        """Draw everything that a turn may have changed."""
        self.specs.show(self.state, self.shown)
        self.sizes.show(self.state, self.shown)
        self.turns.show(self.state)
        self.curve.show(self.state)
        self.draw_status()

    def draw_status(self) -> None:
        self.bar.show(self.status, self.broken)

    @property
    def state(self) -> RunState:
        """The run that is shown."""
        return self.link.state

    @property
    def folder(self) -> Path:
        """Of the run that is shown."""
        return self.link.folder

    @property
    def looked_at(self) -> Shown:
        """The run and turn that are shown now."""
        return Shown(self.state, self.folder, self.shown)

    @property
    def status(self) -> Status:
        return status(self.state, time.time(), self._alive)

    def on_turn_list_highlighted(self, event: TurnList.Highlighted) -> None:
        """Specs and sizes show the turn under the cursor; on the newest turn they show the best."""
        table = self.turns.table
        if not table.has_focus:
            return
        shown = None if table.cursor_row >= table.row_count - 1 else self.turns.selected
        if shown != self.shown:
            self.shown = shown
            self.specs.show(self.state, shown)
            self.sizes.show(self.state, shown)

    def on_turn_list_chosen(self, event: TurnList.Chosen) -> None:
        from eda_agent.tui.screens.turn import TurnScreen

        self.push_screen(TurnScreen(Shown(self.state, self.folder, self.turns.selected)))

    def on_data_table_row_selected(self, event: Any) -> None:
        """Enter, or a second click, on a row."""
        match event.data_table.id:
            case "spec-table":
                self.controls.target()
            case "size-table":
                self.controls.try_sizing()

    def action_below(self, panel: str) -> None:
        """Bring a panel to the front: in a narrow terminal it is shown below the specs."""
        base = self.screen_stack[0]
        for name in ("turns", "sizes", "curve"):
            base.set_class(name == panel, f"-below-{name}")
        if panel != "curve":
            (self.turns.table if panel == "turns" else self.sizes.query_one(Table)).focus()

    def action_control(self, name: str) -> None:
        """Execute a run control."""
        getattr(self.controls, name)()

    def action_open(self, name: str) -> None:
        """Open a detail of the shown run."""
        module, _, screen = DETAILS[name].partition(".")
        self.push_screen(getattr(importlib.import_module(f"eda_agent.tui.screens.{module}"), screen)(self.looked_at))

    def action_runs(self) -> None:
        from eda_agent.tui.screens.runs import RunsScreen

        self.push_screen(RunsScreen(self.folder.parent, self.folder, self.open_run))

    def action_help(self) -> None:
        from eda_agent.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen([binding for binding in self.BINDINGS if isinstance(binding, Binding)]))

    def action_copy(self, what: str) -> None:
        """Copy the best to the clipboard: specs and sizes as lines of text, sizes as JSON, or the sized netlist."""
        try:
            if what == "netlist":
                self.copy_to_clipboard((self.folder / "sized.spice").read_text(encoding="utf-8"))
            else:
                self.copy_to_clipboard(
                    describe(self.state) if what == "text" else json.dumps(self.state.best.get("sizing", {}))
                )
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
        self.turns.table.move_cursor(len(self.state.turns) - 1)
        self.shown = None
        self.draw()
