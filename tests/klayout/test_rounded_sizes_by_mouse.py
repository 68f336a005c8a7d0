"""A size that the grid rounds is said before it is simulated, with the drawn value, in the form and in Review."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import CIRCUITS
from tests.klayout import test_window
from tests.klayout.hands import Hands
from tests.klayout.test_application import display, home
from tests.klayout.test_window import ENDLESS, choose, dock, menu, proposal, quick

__all__ = ["display", "home"]
pytestmark = test_window.pytestmark
FORM = "eda-agent: miller"


@pytest.fixture
def hands(display: str, home: Path, tmp_path: Path) -> Iterator[Hands]:
    shutil.copytree(CIRCUITS / "two_stage_miller", tmp_path / "miller")
    spec = tmp_path / "miller" / "spec.yaml"
    spec.write_text(spec.read_text().replace(*ENDLESS) + "\nlayout: {fold: auto, grid: 5n}\n")
    window = Hands(display, home, tmp_path)
    choose(window, quick(tmp_path))
    yield window
    window.close()


def place(hands: Hands, row: int) -> list[int]:
    """Of the field of a proposal, after a while."""
    time.sleep(0.2)
    return list(hands.find("", "cell", exact=False, row=row, column=3)["at"])


def test_rounded_sizes_are_said(hands: Hands, tmp_path: Path) -> None:
    menu(hands, "Edit a spec and size …")
    hands.file("A spec to edit", tmp_path / "miller" / "spec.yaml")
    hands.find("start", "QPushButton", window=FORM, on=True)
    names = hands.ask("[tool.form.sizes.item(row, 0).text for row in range(tool.form.sizes.rowCount)]")
    row = names.index("W34")
    line = hands.find("W34", "cell", window=FORM)["at"][1]
    cell = next(one for one in hands.look("", "cell", row=row, column=3, window=FORM) if one["at"][1] == line)
    # ticked, and with a value between two steps
    hands.press({**cell, "at": [cell["at"][0], cell["at"][1], 22, cell["at"][3]]})
    hands.edit(cell, "39.433u")
    # four fingers of 9.8575 um would be off the grid
    said = hands.find("39.44 um, 4 fingers of 9.86 um", "cell", row=row, column=4, window=FORM)
    assert "39.433u is rounded to the grid" in said["tip"]
    # the corner set and the budget, by mouse and keys
    hands.press(hands.find("", "QComboBox", window=FORM))
    hands.key("Down", "Return")
    hands.until(lambda: hands.ask("tool.form.corners.currentText") == "nominal", "the corner set")
    hands.press(hands.find("", "QSpinBox", exact=False, window=FORM))
    hands.key("ctrl+a")
    hands.type("17", enter=True)
    hands.until(lambda: hands.ask("tool.form.budget.value") == 17, "the budget")
    hands.click("start", window=FORM)
    hands.click("review")
    proposal(hands)
    first = names.index("W12")
    # the dock grows with its first proposal
    hands.until(lambda: place(hands, first) == place(hands, first), "the table to stand still")
    hands.edit(hands.find("", "cell", exact=False, row=first, column=3), "7.503u")
    # two fingers of 3.75 um: the step of W12 is 10 nm
    hands.find("7.5 um, 2 fingers of 3.75 um", "cell", row=first, column=4)
    hands.click("simulate as edited")
    hands.until(lambda: len(dock(hands, "runner.run.turns")) > 1, "the edited turn")
    sizing = dock(hands, "runner.run.turns[-1]['sizing']")
    assert sizing["W12"] == pytest.approx(7.5e-6) and sizing["W34"] == pytest.approx(39.44e-6)
    begun = dock(hands, "runner.run.started")
    assert begun["drawn"]["rule"]["grid"] == 1e-8
    assert begun["corner_set"] == "nominal" and begun["budget"]["simulations"] == 17
    hands.click("stop")
    hands.find("resume", "QPushButton", on=True)
