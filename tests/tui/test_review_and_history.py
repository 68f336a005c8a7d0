"""What a designer does by keys in the first hour beside watching: decide, mistype, filter, go back, look at an old
run.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static
from textual.widgets._toast import Toast

from eda_agent.record.branches import branches, drawn
from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.run.process import RunProcess
from eda_agent.tui.app import SizingApp
from eda_agent.tui.feed import JournalFeed, Replay
from eda_agent.tui.filter_line import FilterLine
from eda_agent.tui.key_bar import KeyBar
from eda_agent.tui.panels import spec_columns
from eda_agent.tui.screens.ask import Ask
from eda_agent.tui.screens.history import HistoryScreen
from eda_agent.tui.screens.runs import RunsScreen
from eda_agent.tui.table import COLOURS, Table
from eda_agent.tui.view import SpecRow

FIXTURE = Path(__file__).parent.parent / "fixtures" / "run" / "ota"
Steps = Callable[[SizingApp, Pilot[None]], Coroutine[Any, Any, None]]


class Listening(RunProcess):
    """A run that is alive and notes what it is told."""

    told: list[dict[str, Any]]
    alive = True

    def send(self, command: Any) -> None:
        self.told.append(command.data())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(FIXTURE, tmp_path / "runs" / "ota")
    return tmp_path / "runs" / "ota"


def append(folder: Path, *events: dict[str, Any], until: str = "run.finished") -> None:
    """Events after those of the journal, which ends before the first of type `until`."""
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    end = next((place for place, event in enumerate(lines) if event["type"] == until), len(lines))
    lines = lines[:end]
    for event in events:
        last = lines[-1]
        lines.append({"v": last["v"], "seq": last["seq"] + 1, "t": last["t"] + 1.0, **event})
    (folder / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def proposal(folder: Path, **sizes: float) -> dict[str, Any]:
    """A proposal of the best sizes with some others, as an event."""
    state = fold(read_journal(folder / "journal.jsonl"))
    return {
        "type": "turn.proposed",
        "index": len(state.turns),
        "sizing": {**state.best["sizing"], **sizes},
        "reasoning": "more gain",
        "reply": "",
        "notes": [],
        "policy": "trust",
        "error": "",
    }


def drive(app: SizingApp, steps: Steps, size: tuple[int, int] = (80, 24)) -> None:
    async def run() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            await pilot.pause(0.1)
            await steps(app, pilot)

    asyncio.run(run())


def opened(folder: Path) -> SizingApp:
    return SizingApp(JournalFeed(folder / "journal.jsonl"), folder, RunProcess(folder))


def live(folder: Path) -> tuple[SizingApp, list[dict[str, Any]]]:
    process = Listening(folder)
    process.told = []
    return SizingApp(JournalFeed(folder / "journal.jsonl"), folder, process), process.told


def bar(app: SizingApp) -> str:
    return app.screen.query_one(KeyBar).render().plain


def test_notes_of_an_old_run_do_not_cover_the_screen_and_can_be_read(folder: Path) -> None:
    append(folder, *[{"type": "log", "level": "warning", "message": f"long ago {number}"} for number in range(4)])

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        assert not list(app.screen.query(Toast)) and "notes: j" in str(app.bar.content)
        await pilot.press("j")
        await pilot.pause()
        said = str(app.screen.query(Static)[1].content)
        assert all(f"long ago {number}" in said for number in range(4))
        await pilot.press("escape")
        # what happens now is shown, one note at a time where there is little room
        for number in range(3):
            app.notify(f"now {number}: {'a long text ' * 40}")
            await pilot.pause(0.1)
        toasts = list(app.screen.query(Toast))
        assert len(toasts) == 1 and toasts[0].size.height <= 5

    drive(opened(folder), steps)


def test_the_key_bar_has_the_way_out_and_no_letters_while_one_types(folder: Path) -> None:
    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        assert "q quit" in bar(app) and "? help" in bar(app)
        await pilot.press("slash")
        await pilot.pause()
        assert "q quit" not in bar(app) and "? help" not in bar(app) and "all rows" in bar(app)
        await pilot.press("q")
        assert app.screen.query_one(FilterLine).value == "q"

    drive(opened(folder), steps)


def test_a_waiting_proposal_is_shown_with_its_changes_and_keys(folder: Path) -> None:
    append(folder, {"type": "review", "on": True}, proposal(folder, W12=5e-6, L34=1e-6))
    app, told = live(folder)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        assert app.proposal.display and app.status.state == "waiting for your decision"
        assert app.proposal.size.height >= 2 and app.proposal.region.bottom <= 23
        text = str(app.proposal.content)
        assert "W12 100 um → 5 um" in text and "L34 2.93 um → 1 um" in text and "more gain" in text
        assert bar(app).startswith(" a accept  r reject  e edit proposal")
        await pilot.press("a")
        assert told == [{"do": "accept"}]

    drive(app, steps)


def test_keys_for_a_proposal_say_so_if_none_waits(folder: Path) -> None:
    app, told = live(folder)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        for key in "are":
            await pilot.press(key)
            await pilot.pause()
            assert any("no proposal is waiting" in note.message for note in app._notifications)
            assert app.screen is app.screen_stack[0]
        assert not told and not app.proposal.display

    drive(app, steps)


def test_wrong_entries_are_answered_in_their_field(folder: Path) -> None:
    app, told = live(folder)
    cases = (
        ("t", "8", "did you mean 8u?", "8u", {"do": "try", "sizing": {"W12": "8u"}}),
        ("g", "loud", "not a number", "55", {"do": "target", "spec": "dc_gain", "minimum": "55"}),
        ("plus", "-3", "a whole number", "99", {"do": "spend", "simulations": 99}),
        ("plus", "3", "already used 24", "99", {"do": "spend", "simulations": 99}),
        ("x", "trsut", "did you mean trust?", "trust", {"do": "policy", "name": "trust"}),
        ("h", "", "a text is needed", "less load", {"do": "hint", "text": "less load"}),
        ("n", "3 apples", "unknown unit", "2u", None),
    )

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        app.state.finished = {}
        for key, wrong, said, correct, sent in cases:
            told.clear()
            await pilot.press("2", key)
            await pilot.pause()
            assert isinstance(app.screen, Ask), key
            field = app.screen.query_one("#field-0", Input)
            field.value = wrong
            await pilot.press("enter")
            await pilot.pause()
            assert isinstance(app.screen, Ask) and not told, key
            answer = app.screen.query_one("#wrong-0", Static)
            assert answer.display and said in str(answer.content) and app.screen.focused is field
            assert answer.region.bottom <= 24 and answer.size.height >= 1
            field.value = correct
            await pilot.press("enter")
            await pilot.pause()
            assert app.screen is app.screen_stack[0], key
            assert sent is None or told == [sent]

    drive(app, steps)


def rows(table: Table) -> list[str]:
    return [" ".join(str(cell).split()[0] for cell in table.get_row_at(row)[1:2]) for row in range(table.row_count)]


def test_slash_filters_the_table_with_the_focus(folder: Path) -> None:
    app, _ = live(folder)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        app.state.finished = {}
        specs = app.specs.query_one(Table)
        specs.focus()
        await pilot.press("slash", *"slew")
        await pilot.pause()
        assert rows(specs) == ["slew_rate_up", "slew_rate_down"]
        # keys act on the row that is shown, not on the row with its number
        await pilot.press("enter", "down", "g")
        await pilot.pause()
        assert isinstance(app.screen, Ask) and app.screen.question == "Target of slew_rate_down"
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert specs.row_count == len(app.state.started["specs"]) and not app.screen.query(FilterLine)
        await pilot.press("1", "slash", *"l34 mt")
        await pilot.pause()
        turns = app.turns.table
        every = [turns.cells(row)[4].plain for row in range(turns.row_count)]
        assert every and all("L34" in text and "mt" in text for text in every) and len(every) < len(app.state.turns)
        await pilot.press("enter", "up")
        await pilot.pause()
        assert app.shown == app.turns.selected == int(turns.cells(turns.cursor_row)[0].plain)
        await pilot.press("escape")
        await pilot.pause()
        assert turns.row_count == len(app.state.turns) and app.turns.selected == app.shown

    drive(app, steps)


def test_slash_filters_other_tables_too(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / "bandgap")

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await app.workers.wait_for_complete()
        await pilot.press("slash", *"bandg", "enter")
        await pilot.pause()
        assert isinstance(app.screen, RunsScreen) and rows(app.screen.query_one(Table)) == ["bandgap"]
        await pilot.press("enter")
        await pilot.pause()
        assert app.folder.name == "bandgap"

    drive(opened(folder), steps)


def branched(folder: Path) -> None:
    """Back to turn 20 (four turns are left), one turn on, back to turn 10 (eleven are left), two turns on."""
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    turn = next(event for event in reversed(lines) if event["type"] == "turn.evaluated")

    def played(index: int, score: float) -> dict[str, Any]:
        return {**{key: turn[key] for key in turn if key not in {"seq", "t"}}, "index": index, "score": score}

    append(
        folder,
        {"type": "branched", "turn": 20, "left": 4},
        played(21, 0.9991),
        {"type": "branched", "turn": 10, "left": 11},
        played(11, 0.5),
        played(12, 0.6),
    )


def test_the_history_is_a_tree_of_branches(folder: Path) -> None:
    branched(folder)
    state = fold(read_journal(folder / "journal.jsonl"))
    found = [
        (lead, branch.turns[0]["index"], branch.turns[-1]["index"], branch.present)
        for lead, branch in drawn(branches(state))
    ]
    assert found == [
        ("● ", 0, 10, True),
        ("├─● ", 11, 20, False),
        ("│ ├─● ", 21, 24, False),
        ("│ ● ", 21, 21, False),
        ("● ", 11, 12, True),
    ]
    app, told = live(folder)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        await pilot.press("B")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(app.screen, HistoryScreen)
        table = app.screen.query_one(Table)
        text = ["|".join(str(cell).strip() for cell in table.get_row_at(row)) for row in range(table.row_count)]
        assert text[0].startswith("● turns 0 to 10|") and text[-1].startswith("● turns 11 to 12|0.6000|12|")
        assert "left last" in text[1] and "0.9991|21" in text[3]
        # a branch of the present line: its best turn is under the cursor
        table.move_cursor(row=4)
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen is app.screen_stack[0] and app.turns.selected == 12
        # the branch that was left last: the run returns to it
        await pilot.press("B")
        await app.workers.wait_for_complete()
        app.screen.query_one(Table).move_cursor(row=1)
        await pilot.press("enter")
        await pilot.pause()
        assert told == [{"do": "return"}]

    drive(app, steps)


def test_the_time_left_knows_no_pauses(folder: Path) -> None:
    state = fold(read_journal(folder / "journal.jsonl"))
    state.finished, state.started = {}, {**state.started, "budget": {"simulations": 48}}
    from eda_agent.tui.status import status

    last = state._last or 0.0
    before = status(state, last, True)
    assert before.left is not None and before.rate is not None
    state.apply({"v": 1, "seq": 900, "t": last, "type": "run.paused"})
    assert status(state, last + 3600.0, True).left is None
    assert status(state, last + 3600.0, True).elapsed == pytest.approx(before.elapsed)
    state.apply({"v": 1, "seq": 901, "t": last + 3600.0, "type": "run.resumed"})
    again = {**state.turns[-1], "seq": 902, "t": last + 3600.0 + 1 / before.rate, "index": 25}
    state.apply(again)
    after = status(state, again["t"], True)
    assert after.left == pytest.approx(before.left - 1 / before.rate, rel=0.1)
    assert after.elapsed == pytest.approx(before.elapsed + 1 / before.rate)


def spec_row(name: str, worst: str) -> SpecRow:
    ends = ("50 mV", "60 mV", "70.25 mV", worst)
    return SpecRow(name, "≥ 50 mV", (("60 mV", "pass"),) * 17, "pass", "+10 mV", "█" * 8, ends, "50 mV", "xm5")


@pytest.mark.parametrize("corners", [1, 3, 17])
def test_what_is_met_is_never_orange(corners: int) -> None:
    columns = spec_columns([spec_row("saturation", "tt")], [f"c{number}" for number in range(corners)], 78)
    styles = {str(cell.style) for cells in columns.values() for cell in cells}
    assert not any(COLOURS[word] in style for style in styles for word in ("near", "fail"))


@pytest.mark.parametrize(
    ("width", "first"),
    [(120, ["min", "typ", "max", "worst in"]), (62, ["min", "max", "worst in"]), (56, ["worst", "worst in"])],
)
def test_the_worst_corner_is_never_cut(width: int, first: list[str]) -> None:
    """With its temperature, which is at the end of its name; what has no room is to the right."""
    corners = ["nominal", *(f"ss_1.62V_{temperature}C" for temperature in range(16))]
    columns = spec_columns([spec_row("a_spec_of_16_char", "ss_1.62V_-40C")], corners, width)
    names = list(columns)
    assert names[4 : 4 + len(first)] == first and {"min", "typ", "max", *corners} <= set(names)
    shown = names[: 4 + len(first)]
    assert sum(1 + max(len(name), columns[name][0].cell_len) for name in shown) <= width


@pytest.mark.parametrize("speed", [0.0, 1000.0])
def test_a_replay_is_called_one(folder: Path, speed: float) -> None:
    app = SizingApp(Replay(JournalFeed(folder / "journal.jsonl"), speed), folder)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        await pilot.pause(0.3)
        line = str(app.bar.content)
        assert "replay" in line and "interrupted" not in line and "budget spent" not in line
        # it takes no commands, so the key bar offers none
        assert "pause" not in bar(app) and "q quit" in bar(app)

    drive(app, steps)


def test_a_wide_screen_shows_bode_and_operating_points(recorded: Path) -> None:
    app = opened(recorded)

    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        # in place of the curve
        assert app.points.display and app.bode.display and not app.curve.display
        points = app.points.query_one(Table)
        assert points.row_count == len(app.state.turns[-1]["evaluation"]["operating_points"])
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "loop gain" in str(app.bode.border_title)
        values = str(app.bode.query_one("#bode-values", Static).content)
        assert "crossover" in values and "phase margin" in values
        # another turn under the cursor: its operating points
        await pilot.press("up", "up")
        await pilot.pause()
        assert f"turn {app.shown} " in str(app.points.border_title)

    drive(app, steps, (200, 55))


def test_a_small_screen_has_no_room_for_them(recorded: Path) -> None:
    async def steps(app: SizingApp, pilot: Pilot[None]) -> None:
        assert not app.points.display and not app.bode.display and app.turns.display

    drive(opened(recorded), steps, (120, 35))
