"""KLayout as a person uses it: every menu entry, dialog and button clicked with the mouse, values typed with the
keyboard, in one window (xdotool under Xvfb).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageGrab

from tests.conftest import CIRCUITS
from tests.klayout.hands import Hands
from tests.klayout.test_application import RUN, display, home

__all__ = ["display", "home"]
pytestmark = [
    pytest.mark.skipif(
        any(shutil.which(program) is None for program in ("klayout", "Xvfb", "xdotool")),
        reason="KLayout, Xvfb and xdotool are installed by make test",
    ),
    pytest.mark.xdist_group("klayout-window"),
]
ENDLESS = ("unit: Hz, minimum: 30M", "unit: Hz, minimum: 20G")
"""Nobody meets this before it is stopped."""
BLUE = (60, 110, 200)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("window")
    for name in ("miller", "again"):
        shutil.copytree(CIRCUITS / "two_stage_miller", folder / name)
        spec = folder / name / "spec.yaml"
        assert ENDLESS[0] in spec.read_text()
        spec.write_text(spec.read_text().replace(*ENDLESS))
    shutil.copytree(RUN, folder / "ota")
    return folder


@pytest.fixture(scope="module")
def hands(display: str, home: Path, folder: Path) -> Iterator[Hands]:
    window = Hands(display, home, folder)
    choose(window, quick(folder))
    yield window
    window.close()


def quick(folder: Path) -> Path:
    """The program, with a policy that thinks no longer than the mouse."""
    path = folder / "quick"
    path.write_text(
        '#!/bin/sh\n[ "$1" = size ] && [ "$3" != --resume ] && set -- "$@" --policy random\nexec'
        f' {Path(sys.executable).with_name("eda-agent")} "$@"\n'
    )
    path.chmod(stat.S_IRWXU)
    return path


def choose(hands: Hands, program: Path, refused: str = "") -> str:
    """Choose an executable; gives the message with which it is refused, and then the last one is kept."""
    kept = "pya.Application.instance().get_config('eda-agent-executable')"
    before = hands.ask(kept)
    menu(hands, "Executable …")
    hands.file("The executable eda-agent", program)
    words = hands.message(refused) if refused else ""
    hands.until(lambda: hands.ask(kept) == (before if refused else str(program)), "the executable")
    return words


@pytest.fixture(autouse=True)
def clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """A screen without docks, forms and messages before each test; what a fault leaves is in the log."""
    yield
    if "hands" in request.fixturenames:
        window: Hands = request.getfixturevalue("hands")
        log = Path(window.environment["KLAYOUT_HOME"]) / "eda-agent.log"
        words = log.read_text() if log.exists() else ""
        log.unlink(missing_ok=True)
        assert not re.search(r"^(?!Value|OS|Runtime|MissingExecutable|TableError)\w*Error: ", words, re.MULTILINE), (
            words
        )


def menu(hands: Hands, *words: str) -> None:
    hands.menu("Tools", "eda-agent", *words)


def started(hands: Hands, spec: Path) -> str:
    """A run begun by mouse; gives the title of its dock."""
    menu(hands, "Size a circuit …")
    hands.file("A circuit to size", spec)
    hands.find("pause", "QPushButton", on=True)
    return str(hands.ask("str(tool.docks[-1].windowTitle)"))


def dock(hands: Hands, expression: str) -> Any:
    return hands.ask(f"tool.docks[-1].{expression}")


def proposal(hands: Hands, after: int = 0) -> int:
    """The number of the turn whose proposal is shown and waits."""

    def shown() -> int:
        found = [
            re.match(r"Turn (\d+), proposed by", one["text"]) for one in hands.look("Turn ", "QLabel", exact=False)
        ]
        return max((int(match[1]) for match in found if match and int(match[1]) > after), default=0)

    return int(hands.until(shown, "a proposal"))


def test_a_run_by_mouse(hands: Hands, folder: Path) -> None:
    """Begun, paused, reviewed, accepted, edited, rejected, closed and brought back, stopped; its curve is drawn."""
    title = started(hands, folder / "miller" / "spec.yaml")
    hands.click("review")
    turn = proposal(hands)
    # the dock names the folder, which is beside the spec
    place = hands.find("in /", "QLabel", exact=False)["text"].removeprefix("in ")
    assert Path(place).parent == folder / "miller" / "runs" and (Path(place) / "journal.jsonl").exists()
    hands.click("accept")
    turn = proposal(hands, turn)
    # a value out of its range is marked in its field, and nothing can be sent
    cell = hands.find("", "cell", exact=False, row=0, column=3)
    hands.edit(cell, "9")
    assert "above" in hands.find("9", "cell", row=0, column=3, color="#ffc8c8")["tip"]
    assert hands.find("not simulated: above", "cell", exact=False, row=0, column=4)
    assert not hands.look("simulate as edited", "QPushButton")[0]["on"]
    hands.edit(hands.find("9", "cell", row=0, column=3), "7.5u")
    hands.click("simulate as edited")
    edited, turn = turn, proposal(hands, turn)
    assert dock(hands, f"runner.run.turn({edited})['sizing']['W12']") == pytest.approx(7.5e-6)
    hands.press(hands.find("", "QLineEdit", exact=False, window=hands.find("reject")["window"]))
    hands.type("too wide")
    hands.click("reject")
    proposal(hands, turn)
    assert "too wide" in dock(hands, f"runner.run.turn({turn})['proposal']['error']")
    hands.click("end review")
    hands.click("pause")
    hands.find("go on", "QPushButton")
    hands.find("paused", "QLabel", exact=False)
    hands.click("best so far", "tab")
    _, y, _, height = hands.find("specs", "tab")["at"]
    time.sleep(0.2)
    shot = ImageGrab.grab(xdisplay=hands.environment["DISPLAY"]).crop((0, y + height, 1400, 990)).convert("RGB")
    near = sum(
        count
        for count, color in shot.getcolors(1 << 24) or ()
        if max(abs(a - b) for a, b in zip(color, BLUE, strict=True)) < 40
    )
    assert near > 200, "the curve is not drawn"
    # closed, it comes back from the View menu with its run
    outer = hands.find(title, "Dock")["at"]
    assert outer[1] > 300, "the dock has grown over the layout"
    button = next(
        one
        for one in hands.ask("look()")
        if one["name"] == "qt_dockwidget_closebutton"
        and outer[0] <= one["at"][0] <= outer[0] + outer[2]
        and outer[1] <= one["at"][1] <= outer[1] + 40
    )
    hands.press(button)
    hands.gone(title, "Dock")
    hands.menu("View", "eda-agent Runs", title)
    hands.find(title, "Dock")
    hands.click("go on")
    hands.find("running", "QLabel", exact=False)
    hands.click("stop")
    hands.find("stopped", "QLabel", exact=False)
    hands.find("resume", "QPushButton", on=True)


def test_two_runs_of_one_second_and_a_killed_one(hands: Hands, folder: Path) -> None:
    """Each has a folder of its own; one that is killed says so and is resumed; quitting asks what becomes of it."""
    menu(hands, "Size a circuit …")
    hands.file("A circuit to size", folder / "again" / "spec.yaml")
    menu(hands, "Size a circuit …")
    hands.file("A circuit to size", folder / "again" / "spec.yaml")
    folders = hands.until(
        lambda: (
            [place for place in hands.ask("[dock.runner.run.folder for dock in tool.docks[-2:]]") if place][1:]
            and hands.ask("[dock.runner.run.folder for dock in tool.docks[-2:]]")
        ),
        "both runs",
    )
    assert len(set(folders)) == 2 and len(list((folder / "again" / "runs").iterdir())) == 2
    hands.until(lambda: dock(hands, "runner.run.best.get('index', -1)") >= 0, "a best")
    os.kill(dock(hands, "runner._process.processId()"), signal.SIGKILL)
    words = hands.message("the run was interrupted")
    assert "killed by signal 9" in words and folders[-1] in words
    hands.find("interrupted after turn", "QLabel", exact=False)
    hands.click("resume")
    hands.find("running", "QLabel", exact=False)
    assert dock(hands, "runner.run.folder") == folders[-1]
    for ask in (lambda: hands.menu("File", "Exit"), lambda: hands.ask("close_window()")):
        ask()
        assert folders[-1] in hands.find("A stopped run keeps its results", exact=False)["text"]
        hands.click("Do not quit")
        hands.gone("Do not quit")
        assert dock(hands, "runner.alive")
    for _ in range(2):
        hands.click("stop")
        hands.find("resume", "QPushButton", on=True)
        hands.menu("View", "eda-agent Runs", hands.ask("str(tool.docks[-2].windowTitle)"))


def resumed_and_begun_anew(hands: Hands) -> None:
    """A resumed run keeps its turns and the changed targets on the screen; *start* then begins a new run with them."""
    before = dock(hands, "runner.run.turns")
    best, curve = dock(hands, "runner.run.best"), dock(hands, "runner.run.curve")
    first = dock(hands, "runner.run.folder")
    for new in (False, True):
        if new:
            # in the dock of a run on disk, as *Show a run …* opens it
            hands.ask("tool.docks[-1].runner.run.__setattr__('folder', '')")
            menu(hands, "Show a run …")
            hands.file("The folder of a run", first)
            hands.until(lambda: dock(hands, "runner.run.folder") == first, "the dock of the run")
        hands.click("resume")
        hands.find("running", "QLabel", exact=False)
        assert dock(hands, "runner.run.turns")[: len(before)] == before
        assert dock(hands, "runner.run.curve")[: len(curve)] == curve
        assert dock(hands, "runner.run.best")["score"] >= best["score"]
        assert dock(hands, "runner.run.started")["specs"][0]["minimum"] == 71
        hands.find("≥ 71 dB", "cell", row=0, column=2)
        assert dock(hands, "turns.item(0, 0).text") == "0" and dock(hands, "buttons['write back'].enabled")
        hands.click("stop")
        hands.find("resume", "QPushButton", on=True)
    hands.click("start")
    hands.until(
        lambda: dock(hands, "runner.run.turns") and dock(hands, "runner.run.started")["specs"][0].get("minimum") == 71,
        "the new run with the changes",
    )
    assert dock(hands, "runner.run.folder") not in ("", first)
    assert Path(dock(hands, "runner.run.folder")).parent == Path(first).parent
    hands.click("stop")
    hands.find("resume", "QPushButton", on=True)


def test_the_form_checks_values_in_their_fields(hands: Hands, folder: Path) -> None:
    menu(hands, "Edit a spec and size …")
    hands.file("A spec to edit", folder / "again" / "spec.yaml")
    hands.find("start", "QPushButton", window="eda-agent: again", on=True)

    def write(row: int, column: int, text: str, table: str = "sizes") -> dict[str, Any]:
        old = hands.ask(f"tool.form.{table}.item({row}, {column}).text")
        name = hands.ask(f"tool.form.{table}.item({row}, 0).text")
        line = hands.find(name, "cell", column=0, window="eda-agent: again")["at"][1]
        cell = next(
            one
            for one in hands.look(old, "cell", row=row, column=column, window="eda-agent: again")
            if one["at"][1] == line
        )
        hands.edit(cell, text)
        found = hands.until(
            lambda: [
                one
                for one in hands.look(text, "cell", row=row, column=column, window="eda-agent: again")
                if one["at"][1] == line
            ],
            text,
        )
        return dict(found[0])

    def may_start() -> bool:
        return bool(hands.find("start", "QPushButton", window="eda-agent: again")["on"])

    for column, text, fault in ((2, "999k", "above"), (2, "wide", "not a number"), (1, "1f", "below")):
        before = hands.ask(f"tool.form.sizes.item(0, {column}).text")
        wrong = write(0, column, text)
        assert fault in wrong["tip"] and wrong["color"] == "#ffc8c8" and not may_start()
        assert hands.look(f"{fault}", "QLabel", exact=False, window="eda-agent: again")
        assert write(0, column, before)["tip"] == "" and may_start()
    write(0, 2, "20u")
    write(0, 1, "30u")
    assert not may_start()
    write(0, 1, "2u")
    assert may_start()
    wrong = write(0, 1, "lots", "specs")
    assert wrong["tip"] and not may_start()
    write(0, 1, "71", "specs")
    hands.click("start", window="eda-agent: again")
    hands.until(
        lambda: (
            dock(hands, "runner.run.turns")
            and dock(hands, "runner.run.started")["parameters"][0]["maximum"] == pytest.approx(20e-6)
        ),
        "the order",
    )
    assert dock(hands, "runner.run.started")["specs"][0]["minimum"] == 71
    hands.click("stop")
    hands.find("resume", "QPushButton", on=True)
    resumed_and_begun_anew(hands)
    # cancelled, nothing begins
    count = hands.ask("len(tool.docks)")
    menu(hands, "Edit a spec and size …")
    hands.file("A spec to edit", folder / "again" / "spec.yaml")
    hands.click("cancel", window="eda-agent: again")
    hands.gone("eda-agent: again", "Form")
    assert hands.ask("len(tool.docks)") == count


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(stat.S_IRWXU)
    return path


@pytest.mark.evidence
def test_choices_that_are_wrong_are_said(hands: Hands, folder: Path) -> None:
    menu(hands, "Show a run …")
    hands.file("The folder of a run", folder / "miller")
    hands.message("it has no journal.jsonl")
    menu(hands, "PCells …")
    hands.find("PCells")
    hands.key("ctrl+a")
    hands.type("nowhere", enter=True)
    hands.message("no table of PCells for nowhere")
    (folder / "plain").write_text("no program")
    choose(hands, folder / "plain", "is not a program")
    # a program that is another, and one that says nothing
    assert "'hello', status 0" in choose(hands, script(folder / "other", "echo hello"), "is not eda-agent")
    assert "status 1" in choose(hands, Path(shutil.which("false") or ""), "is not eda-agent")
    # one that says nothing but its version
    choose(hands, script(folder / "mute", '[ "$1" = --version ] && echo eda-agent 0 || exit 1'))
    menu(hands, "Edit a spec and size …")
    hands.file("A spec to edit", folder / "again" / "spec.yaml")
    words = hands.message("ended with status 1 and without a message")
    assert "/mute; Tools > eda-agent > Executable …" in words
    # a message to the user is no error of the program
    assert not (Path(hands.environment["KLAYOUT_HOME"]) / "eda-agent.log").exists()
    (folder / "empty.spice").write_text("* nothing\n")
    menu(hands, "Size a circuit …")
    hands.file("A circuit to size", folder / "empty.spice")
    hands.message("ended with status 1 and without a message")
    assert not hands.look("eda-agent drafts a spec", exact=False)
    # one that does not speak our language
    choose(hands, script(folder / "odd", """[ "$1" = --version ] && echo eda-agent 0 || echo '[]'"""))
    try:
        menu(hands, "Edit a spec and size …")
        hands.file("A spec to edit", folder / "again" / "spec.yaml")
        words = hands.message("eda-agent.log")
        assert "TypeError" in words
        log = Path(hands.environment["KLAYOUT_HOME"]) / "eda-agent.log"
        assert "TypeError" in log.read_text()
        log.unlink()
    finally:
        choose(hands, quick(folder))


def test_viewer_mode_says_what_it_cannot_do(display: str, home: Path, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(RUN, tmp_path / "ota")
    hands = Hands(display, home, tmp_path, edit=False)
    try:
        hands.menu("Tools", "eda-agent")
        for name in ("Place a sized circuit …", "Write sizes back …", "Undo the last write-back"):
            entry = hands.find(f"{name} (edit mode only)", "action")
            assert not entry["on"] and "klayout -e" in entry["tip"]
        hands.key("Escape", "Escape")
        menu(hands, "Show a run …")
        hands.file("The folder of a run", tmp_path / "ota")
        button = hands.find("write back", "QPushButton")
        assert not button["on"] and "klayout -e" in button["tip"]
    finally:
        hands.close()


@pytest.mark.evidence
def test_what_a_killed_klayout_was_running_is_offered(display: str, home: Path, tmp_path: Path) -> None:
    shutil.copytree(CIRCUITS / "two_stage_miller", tmp_path / "miller")
    spec = tmp_path / "miller" / "spec.yaml"
    spec.write_text(spec.read_text().replace(*ENDLESS))
    first = Hands(display, home, tmp_path)
    try:
        started(first, spec)
        first.until(lambda: first.ask("len(tool.docks[-1].runner.run.turns)") > 1, "turns")
        run = first.ask("tool.docks[-1].runner.run.folder")
    finally:
        first.close()
    second = Hands(display, home, tmp_path)
    try:
        second.find("interrupted after turn", "QLabel", exact=False)
        second.find("1 interrupted run: resume in its dock continues it", exact=False)
        assert second.find(f"in {run}", "QLabel")
        second.click("resume")
        second.find("running", "QLabel", exact=False)
        started(second, spec)
        second.until(lambda: second.ask("[len(dock.runner.run.turns) > 0 for dock in tool.docks]") == [True, True])
        folders = second.ask("[dock.runner.run.folder for dock in tool.docks]")
        second.menu("File", "Exit")
        # one question names both
        words = second.find("A stopped run keeps its results", exact=False)["text"]
        assert len(set(folders)) == 2 and all(folder in words for folder in folders)
        second.click("Stop them")
        assert second.process.wait(timeout=30) == 0
    finally:
        second.close()
    for folder in folders:
        last = json.loads((Path(folder) / "journal.jsonl").read_text().splitlines()[-1])
        assert last["type"] == "run.finished", last
    journal = Path(run) / "journal.jsonl"
    stopped = journal.read_text()
    third = Hands(display, home, tmp_path)
    try:
        assert third.ask("tool.docks") == []
        menu(third, "Show a run …")
        third.file("The folder of a run", run)
        third.click("resume")
        third.until(lambda: len(journal.read_text()) > len(stopped), "the run to go on")
        third.menu("File", "Exit")
        third.click("Continue them without KLayout")
        assert third.process.wait(timeout=20) == 0
        # by another process, which takes orders from a file
        begun = journal.read_text()
        third_turn = begun.count('"turn.evaluated"')
        end = time.monotonic() + 60
        while journal.read_text().count('"turn.evaluated"') <= third_turn:
            assert time.monotonic() < end, "the run does not go on"
            time.sleep(0.1)
        with (Path(run) / "orders.jsonl").open("a") as file:
            file.write('{"do": "stop"}\n')
        while '"run.finished"' not in journal.read_text()[len(begun) :]:
            assert time.monotonic() < end, "the run does not stop"
            time.sleep(0.1)
    finally:
        third.close()
    assert not list((Path(os.environ["KLAYOUT_HOME"]) / "eda-agent-runs").glob("*.json"))


def sizes(hands: Hands) -> Any:
    return hands.ask(
        "sorted(str(i.pcell_parameters_by_name()) for i in window.current_view().active_cellview().cell.each_inst())"
    )


def report(hands: Hands) -> str:
    """What the LVS report says; it is closed after it was read."""
    words = str(hands.find("LVS: ", "QPlainTextEdit", exact=False)["text"])
    hands.click("Close", window=words.splitlines()[0])
    hands.gone(words.splitlines()[0], "Report")
    return words


@pytest.mark.evidence
def test_a_layout_by_mouse(hands: Hands, folder: Path) -> None:
    """Placed, changed, previewed, discarded, applied, undone, and refused for another circuit: all through the
    window.
    """
    menu(hands, "Place a sized circuit …")
    hands.file("The folder of a run", folder / "ota")
    hands.until(lambda: hands.ask("window.current_view() is not None"), "a layout")
    words = report(hands)
    assert (
        "6 transistors agree by the labels of their nets; 8 of 8 nets are not routed" in words
        and "ib, inn, inp" in words
    )
    before = hands.until(lambda: sizes(hands), "devices")
    # another cell has the sizes of another turn: by hand, as a designer would
    hands.ask(
        "[i.change_pcell_parameter('length', 2.0) for i in window.current_view().active_cellview().cell.each_inst() if"
        " i.pcell_parameters_by_name().get('device') == 'xm1'] and 1"
    )
    wrong = sizes(hands)
    assert wrong != before

    def look() -> None:
        menu(hands, "Write sizes back …")
        hands.file("The folder of a run", folder / "ota")
        hands.find("2 → 0.74", "cell", window="Write ota into ota?")
        # one row for all PCells of the device: its name, how many, and each size
        assert hands.rows("Write ota into ota?") == ["xm1 | 2 + 2 dummies | 2 → 0.74"]
        assert hands.find("Apply changes 1 device with 4 PCells:", "QLabel")

    look()
    # the preview does not hold the window up, and the markers can be seen beside it
    browser = hands.find("Marker Database Browser", exact=False)
    assert not browser["blocked"]
    mine = hands.find("Write ota into ota?", "Preview")
    assert browser["at"][0] >= mine["at"][0] + mine["at"][2]
    corner = f"{browser['at'][0] + 100}, {browser['at'][1] + 60}"
    assert hands.ask(f"pya.QApplication.widgetAt({corner}).window().windowTitle").startswith("Marker")
    assert sizes(hands) == wrong
    hands.click("Discard")
    hands.gone("Write ota into ota?", "Preview")
    assert sizes(hands) == wrong and hands.ask("window.current_view().num_rdbs()") == 0
    # changed by hand while the preview is open: nothing is written, and the preview is made anew
    look()
    hands.ask(
        "[i.change_pcell_parameter('length', 3.0) for i in window.current_view().active_cellview().cell.each_inst() if"
        " i.pcell_parameters_by_name().get('device') == 'xm1'] and 1"
    )
    changed = sizes(hands)
    hands.click("Apply")
    hands.message("the layout has changed since the preview; nothing was written")
    hands.find("3 → 0.74", "cell", window="Write ota into ota?")
    assert sizes(hands) == changed
    hands.click("Discard")
    hands.gone("Write ota into ota?", "Preview")
    hands.ask(
        "[i.change_pcell_parameter('length', 2.0) for i in window.current_view().active_cellview().cell.each_inst() if"
        " i.pcell_parameters_by_name().get('device') == 'xm1'] and 1"
    )
    assert sizes(hands) == wrong and hands.ask("window.current_view().num_rdbs()") == 0
    # a failure after the change, here of the extraction, takes the change back
    patch = (
        "from eda_agent_klayout import checking, lvs; checking.kept, lvs.kept = checking.small, lvs.extract;"
        " checking.small, lvs.extract = lambda _: True, lambda *_: next(iter(()))"
    )
    hands.ask(f"exec({patch!r})")
    look()
    hands.click("Apply")
    hands.message("StopIteration")
    # the browser has gone with its markers
    assert not hands.look("Marker Database Browser", exact=False)
    back = "from eda_agent_klayout import checking, lvs; checking.small, lvs.extract = checking.kept, lvs.kept"
    hands.ask(f"exec({back!r})")
    (Path(hands.environment["KLAYOUT_HOME"]) / "eda-agent.log").unlink()
    assert sizes(hands) == wrong
    look()
    hands.click("Apply")
    hands.until(lambda: sizes(hands) == before, "the sizes of the run")
    report(hands)
    menu(hands, "Undo the last write-back")
    hands.until(lambda: sizes(hands) == wrong, "the sizes of before")
    menu(hands, "Undo the last write-back")
    hands.message("the last write-back has been undone already")
    # something else was done since: ours is not undone in its place
    look()
    hands.click("Apply")
    hands.until(lambda: sizes(hands) == before, "the sizes of the run")
    report(hands)
    hands.ask(
        "(window.current_view().transaction('mine'),"
        " window.current_view().active_cellview().cell.shapes(0).insert(pya.Box(0, 0, 10, 10)),"
        " window.current_view().commit()) and 1"
    )
    menu(hands, "Undo the last write-back")
    assert "'mine'" in hands.message("the last change is")
    assert sizes(hands) == before
    # a run of another circuit
    other = next((folder / "miller" / "runs").iterdir(), None) if (folder / "miller" / "runs").exists() else None
    if other is None:
        title = started(hands, folder / "miller" / "spec.yaml")
        hands.until(lambda: dock(hands, "runner.run.best") != {}, title)
        hands.click("stop")
        hands.find("resume", "QPushButton", on=True)
        other = Path(dock(hands, "runner.run.folder"))
    menu(hands, "Write sizes back …")
    hands.file("The folder of a run", other)
    words = hands.message("does not hold the circuit opamp")
    # each of its eight devices: another kind, connected otherwise, or not there
    assert all(f"xm{number}" in words for number in range(1, 9)) and sizes(hands) == before


def test_what_is_open_is_sized_beside_it(hands: Hands, folder: Path) -> None:
    """From the menu, the layout's folder is offered; the draft is shown in the form."""
    if not hands.ask("window.current_view() is not None"):
        menu(hands, "Place a sized circuit …")
        hands.file("The folder of a run", folder / "ota")
        report(hands)
    (folder / "open").mkdir()
    menu(hands, "Size what is open …")
    hands.file("A folder for ota.spice and its spec", folder / "open")
    hands.find("start", "QPushButton", window="eda-agent: open", on=True)
    hands.click("cancel", window="eda-agent: open")
    text = (folder / "open" / "spec.yaml").read_text()
    assert "role: input pair" in text and "pdk: gf180mcuD" in text
    # the ports, names and sizes of the run that was placed, not those of a drawing in another process
    assert ".subckt ota inp inn out vdd vss ib" in (folder / "open" / "ota.spice").read_text()
