"""The app starts runs: from a netlist, and with what cannot run."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static, TextArea

from eda_agent.cli.main import main
from eda_agent.run import Request, process, size
from eda_agent.run.process import start
from eda_agent.tui.app import SizingApp
from eda_agent.tui.feed import JournalFeed
from eda_agent.tui.screens.draft import DraftScreen
from eda_agent.tui.table import Table
from tests.conftest import CIRCUITS

from .driving import cells, drive, recorded_app
from .flow import until


def test_a_bare_netlist_becomes_a_run(tmp_path: Path) -> None:
    """Drafted by init, edited, refused with its fault, mended, started."""
    netlist = tmp_path / "amp.spice"
    shutil.copy(CIRCUITS / "ota_5t" / "ota_5t.spice", netlist)
    app = SizingApp(JournalFeed(tmp_path / "run" / "journal.jsonl"), tmp_path / "run", None, draft=netlist)

    async def steps(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: isinstance(app.screen, DraftScreen))
        screen = app.screen
        assert isinstance(screen, DraftScreen)
        area = screen.query_one(TextArea)

        def said() -> str:
            return str(screen.query_one("#findings", Static).content)

        await until(pilot, lambda: "input pair" in said() and "parameters:" in area.text)
        good = area.text.replace("budget: {simulations: 200}", "budget: {simulations: 3}")
        area.load_text(good.replace("parameters:", "parametres:"))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "parametres" in said())
        area.load_text(good)
        await pilot.press("f5")
        await until(pilot, lambda: len(app.state.turns) > 1)
        assert app.screen is app.screen_stack[0] and app.link.process is not None
        app.link.tell(do="stop")
        await until(pilot, lambda: bool(app.state.finished))

    drive(app, steps)
    assert (tmp_path / "spec.yaml").exists() and (tmp_path / "run" / "best.json").exists()


def test_a_drafted_run_has_the_name_in_its_spec_and_the_options_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the name of the netlist's folder, which the app knows before there is a spec."""
    netlist, spec = tmp_path / "t2" / "x.spice", tmp_path / "t2" / "spec.yaml"
    netlist.parent.mkdir()
    netlist.write_text("* nothing\n")
    apps: list[SizingApp] = []
    started: list[tuple[Path, list[str]]] = []
    monkeypatch.setattr(SizingApp, "run", lambda app: apps.append(app))
    monkeypatch.setattr(process, "start", lambda of, folder, given: started.append((folder, given)))
    assert main(["tui", str(netlist), "--budget", "7", "--anywhere"]) == 0
    assert not started
    spec.write_text("name: amp\n")
    folder, _ = apps[0].launch(spec)
    assert re.fullmatch(r"runs/amp-auto-\d{8}-\d{6}", str(folder))
    assert started == [(folder, ["--budget", "7"])]


def test_a_run_that_cannot_start_is_a_message_in_place(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("name: broken\ncircuit: nowhere.spice\n")
    folder = tmp_path / "run"
    app = SizingApp(JournalFeed(folder / "journal.jsonl"), folder, start(spec, folder))

    async def steps(pilot: Pilot[None]) -> None:
        await until(
            pilot,
            lambda: any("nowhere.spice" in note.message or "subckt" in note.message for note in app._notifications),
        )
        assert app.broken

    drive(app, steps)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["tui", "nowhere"], "no run and no spec"), (["tui", "."], "needs a terminal")],
)
def test_what_cannot_be_shown_is_said_before_a_screen_is_drawn(arguments: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "x.spice").write_text("* nothing\n")
    (tmp_path / "spec.yaml").write_text("name: x\n")
    import subprocess

    flag = [] if said == "needs a terminal" else ["--anywhere"]
    done = subprocess.run(
        [sys.executable, "-m", "eda_agent", *arguments, *flag],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(CIRCUITS.parent)},
    )
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_schematic_gets_the_sizes_and_is_brought_back(tmp_path: Path) -> None:
    """What has no place in it is said on the screen."""
    shutil.copytree(CIRCUITS / "ota_5t", tmp_path / "amp")
    schematic = tmp_path / "amp" / "ota.sch"
    text = (Path(__file__).parents[1] / "fixtures" / "ota.sch").read_text().replace("Wx=3", "W12=3u")
    schematic.write_text(text)
    folder = tmp_path / "run"
    size(Request(tmp_path / "amp", "random", simulations=3, out=folder))
    app = recorded_app(folder)

    async def steps(pilot: Pilot[None]) -> None:
        def said() -> str:
            return str(app.screen.query_one("#wrote", Static).content)

        async def write(what: str) -> None:
            row = next(place for place, cells_ in enumerate(cells(app, "#products")) if what in cells_[1])
            app.screen.query_one(Table).move_cursor(row=row)
            await pilot.press("enter")

        await pilot.press("E")
        await pilot.pause()
        await write("sizes into the xschem schematic")
        await until(pilot, lambda: "written" in said())
        assert "was not found" in said().lower() and schematic.read_text() != text
        await write("undo that")
        await until(pilot, lambda: "as it was" in said())
        assert schematic.read_text() == text
        assert not any("undo" in row[1] for row in cells(app, "#products"))

    drive(app, steps)
