"""Work that takes longer than a moment, by mouse: the window answers meanwhile, a dialog shows progress, and Cancel
leaves everything as it was.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.klayout.hands import Hands
from tests.klayout.test_application import display, home
from tests.klayout.test_steps import large
from tests.klayout.test_window import menu, pytestmark, report, sizes

__all__ = ["display", "home", "pytestmark"]
COUNT = 80
"""Transistors: enough for a process of their own."""


@pytest.fixture(scope="module")
def hands(display: str, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hands]:
    folder = tmp_path_factory.mktemp("waiting")
    for name, scale in (("a", 1.0), ("b", 1.1)):
        (folder / name).mkdir()
        (folder / name / "devices.json").write_text(json.dumps(large(COUNT, scale)))
    program = folder / "devices"
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && echo eda-agent 0 && exit\ncat "$2/devices.json"\n')
    program.chmod(stat.S_IRWXU)
    window = Hands(display, home, folder)
    menu(window, "Executable …")
    window.file("The executable eda-agent", program)
    yield window
    window.close()


def chosen(hands: Hands, entry: str, run: str) -> None:
    menu(hands, entry)
    hands.file("The folder of a run", hands.eyes.parent / run)


DRAWN = "[one() if callable(one) else one for one in [window.centralWidget]][0].updatesEnabled"
"""Whether KLayout draws the layout."""


def waiting(hands: Hands, words: str) -> dict[str, Any]:
    """The dialog while it says this."""
    return hands.find(words, "QLabel", exact=False)


@pytest.mark.evidence
def test_a_large_circuit_is_placed_written_back_and_checked_while_the_window_answers(hands: Hands) -> None:
    # cancelled while it is placed: no layout
    chosen(hands, "Place a sized circuit …", "a")
    dialog = waiting(hands, "…")
    assert dialog["window"] == "Place a sized circuit"
    hands.click("Cancel", window="Place a sized circuit")
    hands.gone("Place a sized circuit", "Waiting")
    assert hands.ask("window.current_view() is None and not tool.slices.busy") and hands.ask(DRAWN)
    chosen(hands, "Place a sized circuit …", "a")
    # the window answers in the middle of the work, and everything but the dialog waits for it
    waiting(hands, "LVS")
    assert hands.ask(f"[tool.slices.busy, {DRAWN}]") == [True, False]
    assert all(one["blocked"] for one in hands.look("Tools", "action"))
    words = report(hands)
    assert f"{COUNT} transistors agree by the labels" in words
    before = hands.until(lambda: sizes(hands), "devices")
    # cancelled during LVS: what was written is taken back
    chosen(hands, "Write sizes back …", "b")
    hands.click("Apply")
    waiting(hands, "LVS")
    assert sizes(hands) != before
    hands.click("Cancel", window="Write sizes back")
    hands.gone("Write sizes back", "Waiting")
    assert sizes(hands) == before and hands.ask("window.current_view().num_rdbs()") == 0 and hands.ask(DRAWN)
    # so is it when the process fails
    module = "from eda_agent_klayout import checking"
    hands.ask(f"exec('{module}; checking.kept = checking.program; checking.program = lambda: \"/bin/false\"')")
    chosen(hands, "Write sizes back …", "b")
    hands.click("Apply")
    hands.message("LVS failed in a process of its own")
    assert sizes(hands) == before and hands.ask(DRAWN)
    hands.ask(f"exec('{module}; checking.program = checking.kept')")
    chosen(hands, "Write sizes back …", "b")
    hands.click("Apply")
    hands.find(f"LVS: the {COUNT} transistors agree", "QPlainTextEdit", exact=False)
    assert sizes(hands) != before
    # the browser of markers has gone with its markers; that of netlists comes when it is wanted
    assert not hands.look("Marker Database Browser", exact=False)
    hands.click("Netlist browser")
    hands.find("Netlist Database Browser", exact=False)
    hands.ask("[one.close() for one in pya.QApplication.topLevelWidgets() if 'Netlist' in one.windowTitle] and 1")
    report(hands)
    menu(hands, "Undo the last write-back")
    hands.until(lambda: sizes(hands) == before, "the sizes of before")
    assert "ERROR" not in hands.said()
