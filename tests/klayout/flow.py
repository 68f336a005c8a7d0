"""The whole way in the real application: an open layout, LVS, sizing, preview, write-back, LVS again.

    python -m tests.klayout.flow [FOLDER]

`test_flow.py` runs the same. With FOLDER (docs/klayout, as committed) the windows are kept as pictures.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from eda_agent.cli import main as command
from tests.conftest import CIRCUITS
from tests.klayout import test_application as application

CIRCUIT = "two_stage_miller"
LARGER = {"W34": 2.5, "W6": 1.2, "L34": 1.3}
"""The layout that is there has other sizes than the design that is known to work: it misses its specs."""
PICTURES = ("1-layout", "1-lvs", "2-form", "3-run", "4-preview", "4-question", "5-done", "6-lvs")
SCRIPT = """
    window.resize(1240, 860)
    shots = os.environ["SHOTS"]
    def shot(name, widget=None):
        pya.Application.instance().process_events()
        (widget or window).grab().save(os.path.join(shots, name + ".png"))
    def browser(name, words):
        # markers and netlists are shown in windows of their own
        pya.Application.instance().process_events()
        for widget in pya.QApplication.topLevelWidgets():
            if widget.isVisible() and words in widget.windowTitle:
                widget.resize(820, 420)
                shot(name, widget)
                return True
        return False
    def sizes(cell):
        return {str(i.pcell_parameters_by_name()) for i in cell.each_inst()}
    state = {}
    def begin():
        # a layout of the netlist's own sizes, which is open from here on
        cell = state["cell"] = place("first")
        view = window.current_view()
        state["before"] = sizes(cell)
        view.show_lvsdb(0, compat.active_cellview(view))
        say(devices=sum(1 for _ in cell.each_inst()), lvs=view.lvsdb(0).xref().netlist_a() is not None, said=said)
        after(500, layout)
    def layout():
        window.current_view().zoom_fit()
        browser("1-lvs", "Netlist")
        shot("1-layout")
        tool.look_over(os.path.join(os.getcwd(), "miller", "spec.yaml"))
        state["look"] = after(20, form, True)
    def form():
        if tool.form is None:
            return
        state["look"].stop()
        form = tool.form
        form.resize(760, 640)
        # what is placed has room to become smaller: nothing may grow, and the fingers stay
        layout = json.loads(os.environ["LAYOUT"])
        for row in range(form.sizes.rowCount):
            name = form.sizes.item(row, 0).text
            if name in ("m5", "m7"):
                form.sizes.item(row, 3).setText(str(layout[name]))
                form.sizes.item(row, 3).setCheckState(pya.Qt.Checked)
            elif name[0] in "WL":
                form.sizes.item(row, 2).setText("%.6gu" % (layout[name] * 1e6))
        form.budget.value = 60
        shot("2-form", form)
        form.start()
        state["dock"] = tool.docks[-1]
        state["look"] = after(50, run, True)
    def run():
        dock = state["dock"]
        if dock.runner.alive or not dock.runner.run.finished:
            return
        state["look"].stop()
        dock._draw()
        shot("3-run")
        say(stop=dock.runner.run.finished["stop"], status=dock.runner.run.status, said=said, folder=dock.runner.run.folder)
        after(100, back)
    def back():
        state["dock"].buttons["write back"].click()
        settle()
        preview = tool.writing.preview
        asked = str(preview.text.toPlainText())
        say(markers=browser("4-preview", "Marker"))
        shot("4-question", preview)
        preview.buttons["Apply"].click()
        settle()
        view = window.current_view()
        found = devices(state["dock"].runner.run.folder)
        cell = state["cell"]
        match = lvs.check(cell.layout(), cell, found).devices_match
        view.show_lvsdb(view.num_l2ndbs() - 1, compat.active_cellview(view))
        say(changes=sum("\u2192" in line for line in asked.splitlines()), lines=len(asked.splitlines()), match=match, asked=asked, said=said, changed=sizes(cell) != state["before"])
        after(500, done)
    def done():
        window.current_view().zoom_fit()
        say(netlists=browser("6-lvs", "Netlist"))
        shot("5-done")
        tool.writing.undo()
        say(undone=sizes(state["cell"]) == state["before"])
        leave()
    after(500, begin)
"""


def play(screen: str, home: Path, folder: Path, shots: Path) -> list[dict[str, Any]]:
    """What the script said, step by step; pictures in `shots`."""
    shutil.copytree(CIRCUITS / CIRCUIT, folder / "miller")
    shots.mkdir(parents=True, exist_ok=True)
    known = json.loads((CIRCUITS / CIRCUIT / "known.json").read_text())["sizing"]
    layout = {name: value * LARGER.get(name, 1.0) for name, value in known.items()}
    (folder / "layout.jsonl").write_text(json.dumps({"sizing": layout}) + "\n")
    begun = [
        "size",
        str(folder / "miller"),
        "--policy",
        "scripted",
        "--script",
        str(folder / "layout.jsonl"),
        "--budget",
        "1",
        "--json",
    ]
    assert command([*begun, "--out", str(folder / "first")]) == 1
    return application.drive(SCRIPT, screen, home, folder, SHOTS=str(shots), LAYOUT=json.dumps(layout))


def main() -> None:
    shots = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()).resolve()
    display = application.display.__wrapped__()  # type: ignore[attr-defined]  # the fixture's own function
    with tempfile.TemporaryDirectory() as name:
        # the pictures name it
        folder = Path(name) / "designs"
        folder.mkdir()
        os.environ["KLAYOUT_HOME"] = str(folder / "home")
        assert command(["klayout", "install"]) == 0
        try:
            for row in play(next(display), folder / "home", folder, shots):
                print(row)
        finally:
            display.close()
    for path in shots.glob("*.png"):
        # a screen has few colours
        Image.open(path).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
