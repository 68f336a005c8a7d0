"""A proposal under review is decided by keys, and what is mistyped is answered in its place."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input, Static
from textual.widgets._toast import Toast

from eda_agent.tui.app import SizingApp
from eda_agent.tui.filter_line import FilterLine
from eda_agent.tui.screens.ask import Ask

from .old_run import append, bar, drive, live, opened, proposal


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
