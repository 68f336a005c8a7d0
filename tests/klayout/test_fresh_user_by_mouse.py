"""What a fresh user meets: a view without a current cell, a draft that takes its time, empty fields, and a dock that
stands still.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import CIRCUITS
from tests.klayout import test_window
from tests.klayout.hands import Hands
from tests.klayout.test_application import RUN, display, home
from tests.klayout.test_window import ENDLESS, choose, dock, menu, proposal, quick, report

__all__ = ["display", "home"]
pytestmark = test_window.pytestmark
CELLVIEW = "window.current_view().active_cellview()"
FORM = "eda-agent: open"
TITLE = (
    f"[one for one in {CELLVIEW}.cell.each_inst() if one.is_pcell() and one.pcell_declaration().name() == 'CIRCUIT']"
)


@pytest.fixture
def hands(display: str, home: Path, tmp_path: Path) -> Iterator[Hands]:
    shutil.copytree(RUN, tmp_path / "ota")
    window = Hands(display, home, tmp_path)
    choose(window, quick(tmp_path))
    yield window
    window.close()


def test_the_circuit_of_a_view_without_a_current_cell(hands: Hands, tmp_path: Path) -> None:
    menu(hands, "PCells …")
    hands.find("PCells")
    hands.key("ctrl+a", "BackSpace", "Return")
    assert "demonstration stays in use" in hands.message("no table was given")
    menu(hands, "Place a sized circuit …")
    hands.file("The folder of a run", tmp_path / "ota")
    report(hands)
    hands.ask(f"setattr({CELLVIEW}, 'cell', None)")
    assert hands.ask(f"{CELLVIEW}.cell is None")
    (tmp_path / "open").mkdir()
    menu(hands, "Size what is open …")
    hands.file("A folder for ota.spice and its spec", tmp_path / "open")
    hands.find("a spec of ota.spice is drafted and tried", "QLabel", exact=False)
    hands.find("start", "QPushButton", window=FORM, on=True, patience=60)
    # the stored circuit, whose cell is now the current one
    assert ".subckt ota inp inn out vdd vss ib" in (tmp_path / "open" / "ota.spice").read_text()
    assert hands.ask(f"{CELLVIEW}.cell is not None")
    look_at_the_form(hands)
    # without the stored circuit: not from our own LVS, in which resistors count squares
    hands.ask(f"[one.delete() for one in {TITLE}]")
    (tmp_path / "other").mkdir()
    menu(hands, "Size what is open …")
    name = hands.find("A folder for ", "QFileDialog", exact=False)["text"]
    hands.file(name, tmp_path / "other")
    hands.click("Cancel")
    assert "M$" in next((tmp_path / "other").glob("*.spice")).read_text()
    # where several cells could be meant, it is said before anything is asked
    hands.ask(f"({CELLVIEW}.layout().create_cell('another'), setattr({CELLVIEW}, 'cell', None)) and 1")
    menu(hands, "Write sizes back …")
    assert "another" in hands.message("the view has no current cell")
    assert not (Path(hands.environment["KLAYOUT_HOME"]) / "eda-agent.log").exists()


def look_at_the_form(hands: Hands) -> None:
    """The netlist's own values: simulated, shown where they are locked, and missed where a range leaves them out."""
    hands.find("At the netlist's own sizes: score", "QLabel", exact=False, window=FORM, patience=60)
    own = hands.ask("tool.form._own[0]")
    name = hands.ask("tool.form.sizes.item(0, 0).text")
    y = hands.find(name, "cell", column=0, window=FORM)["at"][1]
    x, _, _, height = next(
        one["at"] for one in hands.look("", "cell", row=0, column=3, window=FORM) if one["at"][1] == y
    )
    tick = {"text": name, "on": True, "at": [x, y, 22, height]}
    hands.press(tick)
    hands.until(lambda: hands.ask("tool.form.sizes.item(0, 3).text") == own and own, "the netlist's value")
    assert hands.ask("tool.form.orders()") == [{"do": "lock", "parameter": name}]
    # no double click
    time.sleep(0.7)
    hands.press(tick)
    hands.until(lambda: hands.ask("tool.form.sizes.item(0, 3).text") == "", "an empty field")
    low = hands.ask("tool.form.sizes.item(0, 1).text")
    high = hands.find(hands.ask("tool.form.sizes.item(0, 2).text"), "cell", row=0, column=2, window=FORM)
    # just above the lower end
    hands.edit(
        {**high, "at": [high["at"][0], y, *high["at"][2:]]},
        low.replace(" ", "").replace("nm", "1n").replace("um", "01u"),
    )
    said = hands.find("lies outside; only turn 0 has it", "QLabel", exact=False, window=FORM)["text"]
    assert own in said and hands.find("start", "QPushButton", window=FORM)["on"]
    hands.click("cancel", window=FORM)
    hands.gone(FORM, "Form")


def test_the_dock_stands_still(hands: Hands, tmp_path: Path) -> None:
    """From *starting …* to a proposal with long reasons, its tabs and buttons stay where they are."""
    shutil.copytree(CIRCUITS / "two_stage_miller", tmp_path / "miller")
    spec = tmp_path / "miller" / "spec.yaml"
    spec.write_text(spec.read_text().replace(*ENDLESS))
    menu(hands, "Size a circuit …")
    hands.file("A circuit to size", spec)
    hands.find("starting …", "QLabel")

    def places() -> list[list[int]]:
        found = [hands.find("specs", "tab")["at"], hands.find("stop", "QPushButton")["at"]]
        return [*found, hands.find("write back", "QPushButton")["at"]]

    before = places()
    hands.until(lambda: dock(hands, "runner.run.best.get('index', -1)") >= 0, "a best")
    assert places() == before
    hands.click("review")
    proposal(hands)
    hands.find("end review", "QPushButton")
    assert places() == before
    hands.click("stop")
    hands.find("resume", "QPushButton", on=True)
    assert places() == before
