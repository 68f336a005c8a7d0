"""How long KLayout's window does not answer while a large layout is placed, written back, checked and undone: by
mouse, in the real application on Xvfb.

    [chrt -r 1] python -m benchmarks.layout_window [COUNT] [--out benchmarks/results/layout_window.json]

A timer of 5 ms in KLayout's event loop; its longest gap in each step is what a hand would feel, on a machine with
nothing else to do (`chrt -r 1`, as root, runs it before all other programs). Beside it stands the longest processor time
of the window's thread between two ticks, which other programs do not lengthen. The circuit has COUNT
transistors of many sizes; a program in place of `eda-agent` prints them.
"""

from __future__ import annotations

import argparse
import json
import os
import stat
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.klayout import display
from eda_agent.cli import main as command
from tests.klayout.hands import Hands
from tests.klayout.test_steps import large

TIMER = """
import time, pya
def now():
    return [time.perf_counter(), time.thread_time()]
gaps, last = [], now()
def tick(*_):
    gaps.append(tuple(after - before for before, after in zip(last, now())))
    last[:] = now()
    del gaps[:-100000]
timer = pya.QTimer(pya.MainWindow.instance())
timer.timeout = tick
timer.start(5)
"""
STEPS = ("place", "preview of a write-back", "apply and LVS", "undo", "size what is open")
SEEN = {
    "report": "tool.writing.report.isVisible()",
    "preview": "tool.writing.preview is not None and tool.writing.preview.isVisible()",
    "undone": "window.manager().has_redo()",
    "folder": "any(w.isVisible() and type(w).__name__.startswith('QFileDialog') for w in pya.QApplication.topLevelWidgets())",
}


class Watch:
    """The timer in the window of `hands`."""

    def __init__(self, hands: Hands):
        self.hands = hands
        hands.ask(f"exec({TIMER!r}, __import__('eda_agent_klayout').__dict__)")

    def step(self, do: Any, end: str) -> dict[str, float]:
        """Do something that looks at nothing, and wait for its end: longest gap, longest work and whole time, s."""
        self.hands.ask("__import__('eda_agent_klayout').gaps.clear()")
        begun = time.perf_counter()
        do()
        while not self.hands.ask(SEEN[end]):
            time.sleep(0.1)
        took = time.perf_counter() - begun
        # what is drawn afterwards counts
        time.sleep(0.7)
        wall, busy = self.hands.ask("[max(column) for column in zip(*__import__('eda_agent_klayout').gaps)]")
        return {"gap": wall, "busy": busy, "took": took}


def measured(count: int, folder: Path, screen: str) -> dict[str, dict[str, float]]:
    """Step → longest gap, longest work and whole time, s."""
    for name, scale in (("a", 1.0), ("b", 1.1)):
        (folder / name).mkdir()
        (folder / name / "devices.json").write_text(json.dumps(large(count, scale)), encoding="utf-8")
    program = folder / "devices"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo eda-agent 0 || cat "$2/devices.json"\n', encoding="utf-8"
    )
    program.chmod(stat.S_IRWXU)
    hands = Hands(screen, folder / "home", folder)

    def chosen(entry: str, title: str, path: Path) -> Any:
        hands.menu("Tools", "eda-agent", entry)
        hands.find(title, "QFileDialog")
        hands.key("ctrl+a")
        hands.type(str(path))
        time.sleep(0.5)
        return lambda: hands.key("Return")

    def closed() -> None:
        hands.ask("(tool.writing.report.hide(), 1)[1]")

    found: dict[str, dict[str, float]] = {}

    def keep(step: str, row: dict[str, float]) -> None:
        found[step] = row
        words = f"{1e3 * row['gap']:.0f} | {1e3 * row['busy']:.0f} | {row['took']:.1f}"
        print(f"| {step} | {words} |", flush=True)

    print(f"| {count} transistors | longest gap, ms | processor time, ms | whole step, s |")
    print("| --- | --- | --- | --- |", flush=True)
    try:
        hands.menu("Tools", "eda-agent", "Executable …")
        hands.file("The executable eda-agent", program)
        watch = Watch(hands)
        keep(STEPS[0], watch.step(chosen("Place a sized circuit …", "The folder of a run", folder / "a"), "report"))
        closed()
        keep(STEPS[1], watch.step(chosen("Write sizes back …", "The folder of a run", folder / "b"), "preview"))
        button = hands.find("Apply", "QPushButton", on=True)
        keep(STEPS[2], watch.step(lambda: hands.press(button), "report"))
        closed()
        for text in ("Tools", "eda-agent"):
            hands.menu(text)
        entry = hands.find("Undo the last write-back", "action")
        keep(STEPS[3], watch.step(lambda: hands.press(entry), "undone"))
        for text in ("Tools", "eda-agent"):
            hands.menu(text)
        entry = hands.find("Size what is open …", "action")
        keep(STEPS[4], watch.step(lambda: hands.press(entry), "folder"))
        return found
    finally:
        hands.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=3000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, display() as screen:
        folder = Path(name)
        os.environ["KLAYOUT_HOME"] = str(folder / "home")
        assert command(["klayout", "install"]) == 0
        found = measured(options.count, folder, screen)
    if options.out:
        options.out.write_text(json.dumps({"count": options.count, **found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
