"""The app shows a run: it folds events as they arrive and draws the changes. `run_controls` has the user's commands."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import Input, TextArea

from eda_agent.errors import EdaAgentError, visible
from eda_agent.record.fold import RunState
from eda_agent.run.process import RunProcess, start
from eda_agent.tui.bode_panel import BodePanel
from eda_agent.tui.copying import copied
from eda_agent.tui.details import PRELOAD, detail, preload
from eda_agent.tui.feed import Feed, JournalFeed, Replay
from eda_agent.tui.filter_line import close_filter, open_filter
from eda_agent.tui.gc_tuning import GcTuning
from eda_agent.tui.key_bar import KeyBar
from eda_agent.tui.key_places import KeyPlaces
from eda_agent.tui.keys import GROUPS, KEYS
from eda_agent.tui.notices import LOW, MOST_NEWS, Notices
from eda_agent.tui.operating_points import PointsPanel
from eda_agent.tui.panels import CurvePanel, SizesPanel, SpecsPanel, StatusBar, TurnsPanel
from eda_agent.tui.proposal import ProposalPanel
from eda_agent.tui.run_controls import RunControls
from eda_agent.tui.run_link import RunLink
from eda_agent.tui.shown import Shown
from eda_agent.tui.status import Status, status
from eda_agent.tui.turn_list import TurnList
from eda_agent.tui.user_settings import UserSettings
from eda_agent.units import counted

TICK = 0.05
"""Seconds between two reads of the feed."""
ALIVE = 1.0
"""Seconds between two checks whether the run has a process."""


class SizingApp(App[None]):
    """`feed` gives the events; `run` takes commands, None for a replay. `folder`: of the run. `draft`: a netlist whose
    run has not started; `launch` starts it and returns its folder.
    """

    CSS_PATH = "app.tcss"
    TITLE = "eda-agent"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide"), (180, "-huge")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (LOW, "-middle"), (48, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = [
        *(key.binding for keys in GROUPS.values() for key in keys),
        Binding("escape", "unfilter", "all rows", show=False),
    ]

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The command palette: every key of the app, and the commands of Textual."""
        for key in KEYS.values():
            if key.id not in {"help", "quit"}:
                title = f"{key.label[0].upper()}{key.label[1:]}: {key.help}"
                yield SystemCommand(title, "", functools.partial(self.run_action, key.action))
        yield from super().get_system_commands(screen)

    def __init__(self, feed: Feed, folder: Path, run: RunProcess | None = None, draft: Path | None = None):
        super().__init__()
        # kept here: a query only finds widgets of the top screen
        self.bar, self.specs, self.sizes = StatusBar(id="status"), SpecsPanel(id="specs"), SizesPanel(id="sizes")
        self.curve, self.turns = CurvePanel(id="progress"), TurnsPanel(id="turns")
        self.bode, self.points = BodePanel(id="bode-panel"), PointsPanel(id="points-panel")
        self.proposal, self.notices = ProposalPanel(), Notices()
        self.link = RunLink(self, folder, run)
        self.controls = RunControls(self, self.link, self.specs, self.sizes, self.turns)
        self.draft = draft
        self.launch: Callable[[Path], tuple[Path, RunProcess]] = lambda spec: (folder, start(spec, folder))
        self.user_settings = UserSettings(self)
        self.feed = feed
        self.shown: int | None = None
        self.broken = ""
        self.pauses = GcTuning()
        self._keys: tuple[bool, ...] = ()
        self._alive = run is not None

    def compose(self) -> ComposeResult:
        yield self.bar
        with Container(id="main"):
            yield self.specs
            yield self.sizes
            yield self.bode
            yield self.curve
            yield self.turns
            yield self.points
        yield self.proposal
        yield KeyBar()

    def on_mount(self) -> None:
        self.user_settings.apply()
        self.notices.reset(time.time())
        self._alive = self.link.process is not None and self.link.process.alive
        self.action_below("turns")
        if self.draft is not None:
            from eda_agent.tui.screens.draft import DraftScreen

            self.push_screen(DraftScreen(self.draft, self.begin))
        self.look()
        # the first frame does not wait for screens that no key has opened yet
        self.set_timer(PRELOAD, lambda: threading.Thread(target=preload, daemon=True).start())
        self.set_interval(TICK, self.look)
        self.set_interval(ALIVE, self.look_alive)

    def begin(self, spec: Path) -> None:
        """Start a run of a spec and show it."""
        self.open_run(*self.launch(spec))

    def open_run(self, folder: Path, run: RunProcess | None = None) -> None:
        """Show another run: its present state, and its progress if a process runs it."""
        process = run or RunProcess(folder)
        self.feed, self.shown, self.broken = JournalFeed(folder / "journal.jsonl"), None, ""
        self.link.open(folder, process)
        self.controls.reset()
        self.notices.reset(time.time())
        self.bode.reset()
        self._alive = process.alive
        self.look()

    def notify(self, message: str, **options: Any) -> None:
        """Show a note. Its text may come from a journal or a model: brackets are no markup and control characters are
        shown as codes. In a low terminal it replaces the note before it.
        """
        if self.size.height < LOW:
            self.clear_notifications()
        super().notify(visible(message), **{**options, "markup": False})

    def look(self) -> None:
        """Read new events and draw the changes."""
        if self.broken or not self.bar.is_attached:
            return
        try:
            events = self.feed.read()
        except EdaAgentError as error:
            self.broken = str(error).splitlines()[0]
            self.notify(str(error), title="the journal cannot be read further", severity="error", timeout=30)
            events = []
        news = []
        for event in events:
            self.state.apply(event)
            news.append(
                self.notices.take(event, review=self.state.review, replay=bool(self.replay and self.replay.speed))
            )
        # the others are kept, and listed by j
        for told in [one for one in news if one is not None][-1 if self.size.height < LOW else -MOST_NEWS :]:
            self.notify(**told)
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
        self.points.show(self.looked_at)
        self.proposal.show(self.state)
        self.draw_status()

    def draw_status(self) -> None:
        if (keys := self.key_places.now) != self._keys:
            self._keys = keys
            self.call_later(self.refresh_bindings)
        kept = len(self.notices.kept)
        self.bar.show(self.status, self.broken or (f"{counted(kept, 'note')}: j" if kept else ""))
        if not self.replay:
            self.bode.show(Shown(self.state, self.folder), running=self._alive and not self.state.finished)

    @property
    def replay(self) -> Replay | None:
        """The replay that is shown, None for a run."""
        return self.feed if isinstance(self.feed, Replay) else None

    @property
    def key_places(self) -> KeyPlaces:
        """The places of the keys in the key bar now."""
        return KeyPlaces(self.state, self._alive, self.replay is not None, self.link.paused)

    @property
    def typing(self) -> bool:
        """Whether keys are letters of a text."""
        return isinstance(self.screen.focused, (Input, TextArea))

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
        return Shown(self.state, self.folder, self.shown, tuple(self.notices.kept))

    @property
    def status(self) -> Status:
        word = self.replay.word if self.replay else self.link.word
        return status(self.state, time.time(), self._alive, word, since=self.notices.since)

    def on_turn_list_highlighted(self, event: TurnList.Highlighted) -> None:
        """Specs and sizes show the turn under the cursor; on the newest turn they show the best."""
        table = self.turns.table
        shown = None if table.place >= len(self.state.turns) - 1 else self.turns.selected
        if shown != self.shown:
            self.shown = shown
            self.specs.show(self.state, shown)
            self.sizes.show(self.state, shown)
            self.points.show(self.looked_at)

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
        self.controls.below(panel)

    def action_control(self, name: str) -> None:
        """Execute a run control."""
        getattr(self.controls, name)()

    def action_open(self, name: str) -> None:
        """Open a detail of the shown run."""
        made = detail(name)
        self.push_screen(made(self.looked_at, self.controls.go) if name == "history" else made(self.looked_at))

    def action_filter(self) -> None:
        """Open the field that filters the table with the focus, else the first of the screen."""
        if not self.typing:
            open_filter(self.screen)

    def action_unfilter(self) -> None:
        """Show all rows again."""
        close_filter(self.screen)

    def action_runs(self) -> None:
        from eda_agent.tui.screens.runs import RunsScreen

        self.push_screen(RunsScreen(self.folder.parent, self.folder, self.open_run))

    def action_help(self) -> None:
        from eda_agent.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.user_settings.kept.keys))

    async def action_quit(self) -> None:
        """Leave; the terminal then says what stays."""
        self.exit(message=self.link.what_stays)

    def action_copy(self, what: str) -> None:
        """Copy the best to the clipboard: specs and sizes as lines of text, sizes as JSON, or the sized netlist."""
        try:
            text, said = copied(self.state, self.folder, what)
        except OSError:
            self.notify("the sized netlist is written when the run ends", severity="warning")
        else:
            self.copy_to_clipboard(text)
            self.notify(said)

    def action_follow(self) -> None:
        """Show the best again."""
        self.turns.table.move_cursor(len(self.state.turns) - 1)
        self.shown = None
        self.draw()
