"""A quit that is cancelled leaves everything as it was: the placed layout, and the run that was to outlive KLayout."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.conftest import CIRCUITS
from tests.klayout import test_window
from tests.klayout.hands import Hands
from tests.klayout.test_application import RUN, display, home
from tests.klayout.test_window import ENDLESS, choose, dock, menu, proposal, quick, report, started

__all__ = ["display", "home"]
pytestmark = test_window.pytestmark
FORM = "eda-agent: miller"


def test_a_cancelled_quit(display: str, home: Path, tmp_path: Path) -> None:
    shutil.copytree(RUN, tmp_path / "ota")
    shutil.copytree(CIRCUITS / "two_stage_miller", tmp_path / "miller")
    spec = tmp_path / "miller" / "spec.yaml"
    spec.write_text(spec.read_text().replace(*ENDLESS))
    hands = Hands(display, home, tmp_path)
    try:
        choose(hands, quick(tmp_path))
        menu(hands, "Place a sized circuit …")
        hands.file("The folder of a run", tmp_path / "ota")
        report(hands)
        assert hands.ask("window.current_view().active_cellview().is_dirty()")
        assert hands.ask("window.current_view().active_cellview().cell.name") == "ota"
        started(hands, spec)
        hands.click("review")
        turn = proposal(hands)
        hands.menu("File", "Exit")
        words = hands.find("A stopped run keeps its results", exact=False)["text"]
        assert "(waits for your decision)" in words and "Show a run …" in words
        hands.click("Continue them without KLayout")
        # KLayout's own question about the placed layout
        hands.click("Cancel")
        hands.gone("Cancel", "QPushButton")
        assert dock(hands, "runner.alive")
        hands.click("accept")
        proposal(hands, turn)
        # a netlist whose spec is there: its form, with what was typed last
        hands.ask("tool.docks[-1].elsewhere.tell(do='target', spec='gbw', minimum='30M') or 1")
        hands.click("stop")
        hands.find("resume", "QPushButton", on=True)
        menu(hands, "Size a circuit …")
        hands.file("A circuit to size", next(spec.parent.glob("*.spice")))
        hands.find("start", "QPushButton", window=FORM, on=True)
        names = hands.ask("[one['name'] for one in tool.form.rows_of_specs]")
        assert hands.ask(f"tool.form.specs.item({names.index('gbw')}, 1).text") == "30 MHz"
        hands.click("cancel", window=FORM)
        whole = "__import__('eda_agent_klayout.fields', fromlist=['']).problem({!r}, '', 1, 20, 1)"
        assert hands.ask(whole.format("2.5")) == "a whole number: 2 or 3" and hands.ask(whole.format("3")) == ""
    finally:
        hands.close()
