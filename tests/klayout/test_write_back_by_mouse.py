"""A write-back by mouse and keys: what the preview says of the run; Edit > Undo, Edit > Redo and *Undo the last
write-back*, each of which takes back or repeats one write-back, whole, and nothing else. The cell list has no PCell
that nothing places.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.klayout import test_window
from tests.klayout.hands import Hands
from tests.klayout.test_application import RUN, display, home
from tests.klayout.test_window import choose, menu, quick, report, script, sizes

__all__ = ["display", "home"]
pytestmark = test_window.pytestmark


@pytest.fixture(scope="module")
def hands(display: str, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hands]:
    folder = tmp_path_factory.mktemp("undo")
    shutil.copytree(RUN, folder / "ota")
    window = Hands(display, home, folder)
    yield window
    window.close()


def unused(hands: Hands) -> list[str]:
    return list(
        hands.ask(
            "[c.name for c in window.current_view().active_cellview().layout().each_cell() if c.is_proxy() and not"
            " c.parent_cells()]"
        )
    )


def run_folder(hands: Hands) -> str:
    return f"{hands.eyes.parent / 'ota'}/"


def by_hand(hands: Hands, length: float) -> Any:
    """Another length of xm1, as one step that Edit > Undo takes back; gives the sizes with it."""
    hands.ask(
        "(window.current_view().transaction('by hand'), [i.change_pcell_parameter('length', "
        f"{length}) for i in window.current_view().active_cellview().cell.each_inst() if"
        " i.pcell_parameters_by_name().get('device') == 'xm1'], window.current_view().commit()) and 1"
    )
    return sizes(hands)


def write_back(hands: Hands) -> None:
    menu(hands, "Write sizes back …")
    hands.file("The folder of a run", run_folder(hands))
    hands.click("Apply")
    report(hands)


KEYS = {"ctrl+z": "undo", "ctrl+y": "redo"}


def press(hands: Hands, key: str) -> None:
    """A key for the window itself: without a window manager, a closed dialog gives the keyboard to nobody. KLayout
    takes Ctrl-Z and Ctrl-Y only while their entry is enabled, and enables it some time after the change.
    """
    hands.until(lambda: hands.ask(f"window.menu().action('edit_menu.{KEYS[key]}').is_effective_enabled()"), key)
    hands.press(hands.find("[+] L1 [ota]", "tab"))
    hands.key(key)


def become(hands: Hands, wanted: Any, what: str) -> None:
    hands.until(lambda: sizes(hands) == wanted, what)


def test_undo_and_redo(hands: Hands) -> None:
    menu(hands, "Place a sized circuit …")
    hands.file("The folder of a run", run_folder(hands))
    assert "dc_gain: 49.4 dB in slow, target ≥ 50 dB" in report(hands)
    assert unused(hands) == []
    placed = sizes(hands)
    menu(hands, "Undo the last write-back")
    hands.message("nothing was written back in this window")
    wrong = by_hand(hands, 2.0)
    assert wrong != placed
    write_back(hands)
    become(hands, placed, "the sizes of the run")
    # also those that the hand's edit had left
    assert not [name for name in unused(hands) if name.startswith("CIRCUIT")]
    there = unused(hands)
    press(hands, "ctrl+z")
    become(hands, wrong, "Ctrl-Z")
    press(hands, "ctrl+y")
    become(hands, placed, "Ctrl-Y")
    # after a redo ours is on top again
    menu(hands, "Undo the last write-back")
    become(hands, wrong, "undo after redo")
    menu(hands, "Undo the last write-back")
    hands.message("Edit > Redo writes it again")
    hands.menu("Edit", "Redo - eda-agent: write sizes back (1)")
    become(hands, placed, "Edit > Redo")
    assert unused(hands) == there
    # an edit of the user's lies on ours: it is not undone in our place, nor ours under it
    own = by_hand(hands, 3.0)
    menu(hands, "Undo the last write-back")
    hands.message("the last change is 'by hand', not a write-back")
    assert sizes(hands) == own
    press(hands, "ctrl+z")
    become(hands, placed, "the user's edit undone")
    menu(hands, "Undo the last write-back")
    become(hands, wrong, "ours after the user's")


def test_the_preview_says_what_the_run_misses(hands: Hands) -> None:
    """Whether it has ended, and each missed spec with its worst corner; before Apply, and in the report."""
    folder = hands.eyes.parent
    shutil.copytree(folder / "ota", folder / "torn")
    journal = (folder / "torn" / "journal.jsonl").read_text().splitlines(keepends=True)
    assert '"run.finished"' in journal[-1]
    (folder / "torn" / "journal.jsonl").write_text("".join(journal[:-1]))
    for run, ended in (("ota", True), ("torn", False)):
        menu(hands, "Write sizes back …")
        hands.file("The folder of a run", f"{folder / run}/")
        said = hands.find("1 of 10 specs NOT met in 3 corners: dc_gain", "QLabel", exact=False)["text"]
        assert "dc_gain: 49.4 dB in slow, target ≥ 50 dB" in said
        assert ("The run has not ended: these are the sizes of turn 22, its best so far." in said) != ended
        hands.click("Discard")
        hands.gone("Write ota into ota?", "Preview")


CANVAS = (
    "next([w.mapToGlobal(pya.QPoint(0, 0)).x, w.mapToGlobal(pya.QPoint(0, 0)).y] for w in"
    " pya.QApplication.allWidgets() if w.objectName == 'canvas' and w.isVisible())"
)
DEVICE = "i.pcell_parameters_by_name().get('device') == 'xm5'"
SPOT = (
    "(lambda v, i: (lambda p: [p.x, p.y, v.viewport_height()])(v.viewport_trans() * i.dbbox().center()))"
    "(window.current_view(), next(i for i in window.current_view().active_cellview().cell.each_inst() if "
    f"{DEVICE}))"
)


def test_a_shown_run_and_its_layout(hands: Hands) -> None:
    """Every tab of a dock; a clicked size marks its devices, a clicked device selects its sizes; *write back*."""
    menu(hands, "Show a run …")
    hands.file("The folder of a run", run_folder(hands))
    hands.find("in ", "QLabel", exact=False)
    for tab, text in (("turns", "22"), ("specs", "dc_gain"), ("sizes", "W12")):
        hands.click(tab, "tab")
        hands.find(text, "cell")
    hands.press(hands.find("W12", "cell"))
    pair = hands.ask(
        "sum(i.pcell_parameters_by_name().get('device') in ('xm1', 'xm2') for i in"
        " window.current_view().active_cellview().cell.each_inst())"
    )
    hands.until(lambda: hands.ask("len(tool.probe.marks)") == pair > 2, "the marks of the pair")
    hands.ask("window.current_view().zoom_fit() or 1")
    (left, top), (x, y, height) = hands.ask(CANVAS), hands.ask(SPOT)
    hands.tool("mousemove", str(round(left + x)), str(round(top + height - y)), "click", "1")
    selected = (
        "sorted(tool.docks[-1].sizes.item(row, 0).text for row in range(tool.docks[-1].sizes.rowCount) if"
        " tool.docks[-1].sizes.item(row, 0).isSelected())"
    )
    hands.until(lambda: hands.ask(selected) == ["Lb", "Wb", "mt"], "the sizes of the device")
    hands.click("log", "tab")
    hands.click("write back")
    hands.find("2 → 0.74", "cell")
    hands.click("Discard")
    hands.gone("Write ota into ota?", "Preview")


def test_a_failed_write_back_cannot_be_redone(hands: Hands) -> None:
    """The change is taken back, and Edit > Redo does not make it again."""
    before = sizes(hands)
    patch = "from eda_agent_klayout import writing; writing.kept, writing.checking = writing.checking, None"
    hands.ask(f"exec({patch!r})")
    try:
        menu(hands, "Write sizes back …")
        hands.file("The folder of a run", run_folder(hands))
        hands.click("Apply")
        hands.message("TypeError")
    finally:
        hands.ask("exec('from eda_agent_klayout import writing; writing.checking = writing.kept')")
    assert sizes(hands) == before and not hands.ask("window.manager().has_redo()")


def test_what_is_left_as_it_is_is_said(hands: Hands) -> None:
    """In the preview and, as the reason of the differences, in the report of LVS."""
    before = sizes(hands)
    edit = (
        "(lambda found: (window.current_view().transaction('fingers'), found['xm5'].change_pcell_parameter('nf', 3),"
        " found['xm6'].change_pcell_parameter('length', 2.0), window.current_view().commit()))"
        "({i.pcell_parameters_by_name().get('device'): i for i in"
        " window.current_view().active_cellview().cell.each_inst() if not i.pcell_parameters_by_name().get('dummy')})"
        " and 1"
    )
    hands.ask(edit)
    menu(hands, "Write sizes back …")
    hands.file("The folder of a run", run_folder(hands))
    said = hands.find("because matched with xm5", "QPlainTextEdit", exact=False)["text"]
    assert "xm6: left as it is, because matched with xm5" in said and "fingers do not fit" in said
    hands.click("Apply")
    words = report(hands)
    assert words.startswith("LVS: layout and schematic differ")
    why = words[words.index("Why they differ: devices that are left as they are.") :].splitlines()
    assert why[1].startswith("xm5: ") and why[2] == "xm6: left as it is, because matched with xm5"
    menu(hands, "Undo the last write-back")
    press(hands, "ctrl+z")
    become(hands, before, "as before")


@pytest.mark.evidence
def test_two_write_backs_and_an_edit_between_them(hands: Hands) -> None:
    """Each undo takes one. Runs after the tests above, in their window."""
    wrong = sizes(hands)
    # a new edit ends what can be redone; ours is gone for good, and says so
    own = by_hand(hands, 3.0)
    menu(hands, "Undo the last write-back")
    hands.message("the last change is 'by hand', not a write-back")
    press(hands, "ctrl+z")
    become(hands, wrong, "the user's second edit undone")
    # two of ours: each undo takes one
    write_back(hands)
    by_hand(hands, 3.0)
    write_back(hands)
    menu(hands, "Undo the last write-back")
    hands.until(lambda: sizes(hands) == own, "the second undone")
    press(hands, "ctrl+z")
    hands.until(lambda: sizes(hands) not in (own, wrong), "the edit between them undone")
    menu(hands, "Undo the last write-back")
    become(hands, wrong, "the first undone")


def test_match_is_said_of_a_match_only(hands: Hands) -> None:
    """Of one transistor, whose nets are whole, and not with a resistor that is not drawn."""
    row = {"name": "m1", "kind": "nmos", "w": 2e-6, "l": 5e-7, "nf": 1, "m": 1, "nets": ["d", "g", "s", "b"]}
    card = {"name": "m1", "model": "nmos", "nets": row["nets"], "values": {}, "value": "", "scale": 1, "transistor": 1}
    found = {"name": "one", "ports": row["nets"], "devices": [row], "others": [], "pdk": "ptm45"}
    found |= {"rails": ["s", "vdd"], "cards": [card], "layout": None}
    folder = hands.eyes.parent
    for name, others in (("whole", []), ("part", ["r1"])):
        (folder / name).mkdir()
        (folder / name / "devices.json").write_text(json.dumps({**found, "others": others}))
    choose(hands, script(folder / "told", '[ "$1" = --version ] && echo eda-agent 0 || cat "$2/devices.json"'))
    try:
        for name, headline in (
            ("whole", "LVS: layout and schematic match (1 transistor, 4 nets)"),
            ("part", "LVS: the 1 transistor agrees by the labels of its nets; 1 device is not drawn"),
        ):
            menu(hands, "Place a sized circuit …")
            hands.file("The folder of a run", folder / name)
            assert report(hands).splitlines()[0] == headline
    finally:
        choose(hands, quick(folder))
