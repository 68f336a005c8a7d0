"""The whole way with mouse and keyboard: a layout is opened, its circuit sized, the sizes written back, LVS run.

    python -m tests.klayout.by_mouse FOLDER [TABLE [PREFIX]]

keeps pictures in FOLDER. The PCells of a TABLE other than `demonstration` must load in KLayout (see `real.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageGrab

from eda_agent.cli import main as command
from tests.conftest import CIRCUITS
from tests.klayout import real, test_application
from tests.klayout.hands import Hands

CIRCUIT = "two_stage_miller"
LARGER = {"W34": 2.5, "W6": 1.2, "L34": 1.3}
"""The layout that is there has other sizes than the design that is known to work."""
TARGETS = {
    "dc_gain": (1, "70"),
    "gbw": (1, "104M"),
    "phase_margin": (1, "77"),
    "input_noise": (2, "80n"),
    "slew_rate_up": (1, "45"),
    "slew_rate_down": (1, "38.5"),
    "settling_time": (2, "25n"),
}
"""Spec of the draft → column of the form and the target that is typed into it."""
FREE = ("XM5.w", "XM6.w")
"""Sizes of transistors that the run may change; the capacitor as well."""
LOCKED = ("RZ",)
LONGEST = 180.0
"""Seconds that a run, or a comparison, may take."""


@dataclass(frozen=True)
class Outcome:
    """`netlist`: what the open layout gave; `preview`, `report`: what the windows said; `stop`: why the run ended;
    `layout`: the file that was saved; `run`: its folder.
    """

    netlist: str
    preview: str
    report: str
    stop: str
    layout: Path
    run: Path


def first_run(folder: Path) -> Path:
    """A run of the sizes that the layout is made with, which are not the best."""
    shutil.copytree(CIRCUITS / CIRCUIT, folder / "miller")
    known = json.loads((CIRCUITS / CIRCUIT / "known.json").read_text())["sizing"]
    (folder / "layout.jsonl").write_text(
        json.dumps({"sizing": {name: value * LARGER.get(name, 1.0) for name, value in known.items()}}) + "\n"
    )
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
    assert command([*begun, "--out", str(folder / "first")]) in (0, 1)
    return folder / "first"


class Way:
    """One KLayout, its pictures in `shots` (none where that is None)."""

    def __init__(self, display: str, home: Path, folder: Path, shots: Path | None, *arguments: str, **more: str):
        self.hands, self.shots = Hands(display, home, folder, *arguments, **more), shots

    def picture(self, name: str, window: str = "") -> None:
        """The screen, or one window of it."""
        if self.shots is not None:
            time.sleep(0.4)
            image = ImageGrab.grab(xdisplay=self.hands.environment["DISPLAY"])
            if window:
                x, y, width, height = self.hands.find(window)["at"]
                image = image.crop((x, y, x + width, y + height))
            image.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(self.shots / f"{name}.png", optimize=True)

    def menu(self, *words: str) -> None:
        self.hands.menu("Tools", "eda-agent", *words)

    def report(self, picture: str = "") -> str:
        """What the LVS report says, which is closed after it was read."""
        words = str(self.hands.find("LVS: ", "QPlainTextEdit", exact=False, patience=LONGEST)["text"])
        if picture:
            self.hands.ask("(window.current_view().zoom_fit(), 1)[1]")
            self.picture(picture)
        title = words.splitlines()[0]
        self.hands.click("Close", window=title)
        self.hands.gone(title, "Report")
        return words

    def write(self, window: str, table: str, name: str, column: int, text: str) -> None:
        """Type a value into a table of the form, beside a name; "" ticks the box of the cell."""
        row = self.hands.ask(
            f"[tool.form.{table}.item(row, 0).text for row in range(tool.form.{table}.rowCount)].index({name!r})"
        )
        old = self.hands.ask(f"tool.form.{table}.item({row}, {column}).text")
        line = self.hands.find(name, "cell", column=0, window=window)["at"][1]
        cell = next(
            one for one in self.hands.look(old, "cell", row=row, column=column, window=window) if one["at"][1] == line
        )
        if text:
            self.hands.edit(cell, text)
            self.hands.until(lambda: self.hands.ask(f"tool.form.{table}.item({row}, {column}).text") == text, text)
        else:
            self.hands.press({**cell, "at": [cell["at"][0], cell["at"][1], 22, cell["at"][3]]})
            self.hands.until(
                lambda: self.hands.ask(f"tool.form.{table}.item({row}, {column}).checkState == pya.Qt.Checked"),
                "a tick",
            )


def draw(display: str, home: Path, folder: Path, run: Path, table: str, **more: str) -> Path:
    """The layout that somebody has: placed from a run, and saved."""
    way = Way(display, home, folder, None, **more)
    try:
        way.menu("PCells …")
        way.hands.find("PCells")
        way.hands.key("ctrl+a")
        way.hands.type(table, enter=True)
        way.hands.gone("PCells", "QInputDialog")
        way.menu("Place a sized circuit …")
        way.hands.file("The folder of a run", run)
        way.report()
        layout = folder / "opamp.oas"
        way.hands.menu("File", "Save As")
        way.hands.file(str(way.hands.find("Save Layout", "QFileDialog", exact=False)["text"]), layout)
        way.hands.click("OK", window=way.hands.find("Save Layout Options", exact=False)["window"])
        way.hands.until(layout.exists, "the layout to be saved")
    finally:
        way.hands.close()
    return layout


def play(
    display: str,
    home: Path,
    folder: Path,
    shots: Path | None,
    table: str = "demonstration",
    prefix: str = "",
    **more: str,
) -> Outcome:
    """Open → size what is open → run → write back → LVS → save. `more`: environment of KLayout."""
    layout = draw(display, home, folder, first_run(folder), table, **more)
    (folder / "sized").mkdir()
    way = Way(display, home, folder, shots, str(layout), **more)
    hands, window = way.hands, "eda-agent: sized"
    try:
        hands.until(lambda: hands.ask("window.current_view() is not None"), "the layout")
        hands.ask("(window.current_view().max_hier(), window.current_view().zoom_fit()) and 1")
        way.picture(f"{prefix}1-open")
        way.menu("Size what is open …")
        hands.file("A folder for opamp.spice and its spec", folder / "sized")
        hands.find("start", "QPushButton", window=window, on=True)
        netlist = (folder / "sized" / "opamp.spice").read_text()
        hands.ask("(tool.form.move(20, 20), tool.form.resize(860, 900), 1)[2]")
        for name, (column, text) in TARGETS.items():
            way.write(window, "specs", name, column, text)
        # bias and output stage may become narrower, there is no room to grow; all other transistors stay
        there = present(netlist)
        for name in hands.ask("[tool.form.sizes.item(row, 0).text for row in range(tool.form.sizes.rowCount)]"):
            if name in FREE:
                way.write(window, "sizes", name, 2, f"{there[name]:.3g}u")
            elif "." in name or name in LOCKED:
                way.write(window, "sizes", name, 3, "")
        way.picture(f"{prefix}2-form", window)
        hands.click("start", window=window)
        hands.gone(window, "Form")
        end = time.monotonic() + LONGEST
        while not hands.ask("tool.docks[-1].runner.run.finished") or hands.ask("tool.docks[-1].runner.alive"):
            assert time.monotonic() < end, f"the run does not end\n{hands.screen()}"
            time.sleep(0.3)
        stop = str(hands.ask("tool.docks[-1].runner.run.finished['stop']"))
        run = Path(hands.ask("tool.docks[-1].runner.run.folder"))
        if hands.look("OK", "QPushButton", window="eda-agent"):
            hands.click("OK", window="eda-agent")
        way.picture(f"{prefix}3-run")
        hands.click("write back")
        shown = hands.find(" → ", "cell", exact=False, patience=LONGEST)
        preview = "\n".join(hands.rows(shown["window"]))
        way.picture(f"{prefix}4-preview")
        hands.click("Apply")
        report = way.report(f"{prefix}5-lvs")
        hands.menu("File", "Save")
        saved = layout.stat().st_mtime_ns
        hands.until(
            lambda: (
                layout.stat().st_mtime_ns >= saved
                and not hands.ask(
                    "window.current_view().is_dirty() if hasattr(window.current_view(), 'is_dirty') else False"
                )
            ),
            "the layout to be saved",
        )
    finally:
        hands.close()
    return Outcome(netlist, preview, report, stop, layout, run)


def present(netlist: str) -> dict[str, float]:
    """Parameter as a draft calls it (`XM1.w`) → its value in the netlist."""
    return {
        f"{line.split()[0].upper()}.{name}": float(value)
        for line in netlist.splitlines()
        if line.startswith("xm")
        for name, value in re.findall(r"(\w+)=(\S+)", line)
    }


def environment(table: str, home: Path) -> Mapping[str, str]:
    """What KLayout is started with for the PCells of a table."""
    return {} if table == "demonstration" else real.environment(table, home)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.klayout.by_mouse", description=str(__doc__).split("\n")[0])
    parser.add_argument("folder", type=Path, help="where the pictures are kept")
    parser.add_argument("table", nargs="?", default="demonstration", help="the PCells: a name or the path of a table")
    parser.add_argument("prefix", nargs="?", default="", help="beginning of the pictures' names")
    options = parser.parse_args()
    shots, table, prefix = options.folder.resolve(), options.table, options.prefix
    shots.mkdir(parents=True, exist_ok=True)
    display: Any = test_application.display.__wrapped__()  # type: ignore[attr-defined]  # the fixture's own function
    with tempfile.TemporaryDirectory() as name:
        # the pictures name it
        folder = Path(name) / "designs"
        folder.mkdir()
        os.environ["KLAYOUT_HOME"] = str(folder / "home")
        assert command(["klayout", "install"]) == 0
        try:
            outcome = play(
                next(display), folder / "home", folder, shots, table, prefix, **environment(table, folder / "home")
            )
        finally:
            display.close()
    print(outcome.netlist, outcome.preview, outcome.report, outcome.stop, sep="\n\n")


if __name__ == "__main__":
    main()
