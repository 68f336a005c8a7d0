"""The first hour with the app, live: a bare netlist becomes a run that meets its spec; another target, a locked size,
on; the best is exported.

`python -m tests.tui.flow docs/tui-first-hour.svg` plays it and writes its frames as one moving picture.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from eda_agent.tui.app import SizingApp
from eda_agent.tui.feed import JournalFeed
from eda_agent.tui.screens.ask import Ask
from eda_agent.tui.screens.draft import DraftScreen
from eda_agent.tui.screens.export import ExportScreen
from eda_agent.tui.table import Table
from tests.conftest import CIRCUITS

SECONDS = 3.0
"""That a frame is shown."""


async def until(pilot: Pilot[None], condition: Callable[[], bool], seconds: float = 60.0) -> None:
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        await pilot.pause(0.02)
    raise AssertionError("it did not come to that")


def bare_app(place: Path) -> SizingApp:
    """The app as `eda-agent tui two_stage_miller.spice` opens it, where nothing but the netlist is."""
    netlist = place / "two_stage_miller.spice"
    shutil.copy(CIRCUITS / "two_stage_miller" / netlist.name, netlist)
    folder = place / "runs" / "first"
    return SizingApp(JournalFeed(folder / "journal.jsonl"), folder, None, draft=netlist)


async def first_hour(pilot: Pilot[None], app: SizingApp, frame: Callable[[str], None] = lambda title: None) -> None:
    """Keys alone. `frame` is called where a picture is worth it."""

    async def met() -> None:
        await until(pilot, lambda: bool(app.state.best.get("met")) and app.state.finished.get("stop") == "met", 120.0)
        await pilot.pause(0.2)

    await until(pilot, lambda: isinstance(app.screen, DraftScreen) and "input pair" in app.screen.said, 60.0)
    frame("a bare netlist: what was recognised, and a draft of its spec")
    await pilot.press("f5")
    await until(pilot, lambda: len(app.state.turns) >= 3 or bool(app.state.finished))
    await pilot.pause(0.1)
    frame("F5: the run, turn by turn")
    await met()
    frame("every spec is met")
    # a harder target for what the best has to spare least of
    await pilot.press("tab")
    app.specs.query_one(Table).focus()
    await pilot.press("down", "g")
    await until(pilot, lambda: isinstance(app.screen, Ask))
    spec = app.state.started["specs"][1]
    reached = app.state.best["specs"][spec["name"]]["value"]
    app.screen.query_one(Input).value = f"{reached * 1.08 / 1e6:.4g}M"
    await pilot.pause(0.1)
    frame(f"g: another target for {spec['name']}")
    await pilot.press("enter")
    await until(pilot, lambda: app.state.paused and not app.state.best.get("met"))
    await pilot.press("2", "down", "down", "l")
    await until(pilot, lambda: any(entry.get("locked") for entry in app.state.started["parameters"]))
    await pilot.pause(0.2)
    frame("the run is taken up again and waits; l: a size is locked")
    await pilot.press("p")
    await met()
    frame("p: on, until the new target is met")
    await pilot.press("E")
    await until(pilot, lambda: isinstance(app.screen, ExportScreen))
    screen = app.screen
    assert isinstance(screen, ExportScreen)
    for number in range(3):
        await pilot.press("enter")
        await until(pilot, lambda number=number: screen.written.get(number) == "✓")  # type: ignore[misc]  # bound for this round
        await pilot.press("down")
    await pilot.pause(0.2)
    frame("E: netlist, difference and report are written")


def moving_picture(frames: list[tuple[str, str]]) -> str:
    """One SVG that shows frames (title, SVG) one after the other, without a script: it moves in a page as it does
    alone.
    """
    bodies, styles, box = [], [], ""
    share = 100.0 / len(frames)
    for number, (title, svg) in enumerate(frames):
        # each frame's own names, as they stand beside each other
        names = set(re.findall(r"terminal-\d+", svg))
        for name in names:
            svg = svg.replace(name, f"f{number}")
        found = re.search(r'viewBox="([^"]+)"', svg)
        assert found is not None
        box = found.group(1)
        body = svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]
        kept = re.search(r"<style>(.*?)</style>", body, re.S)
        assert kept is not None
        styles.append(re.sub(r"@font-face\s*{[^}]*}", "", kept.group(1)))
        body = re.sub(r">\s+<", "><", re.sub(r"<!--.*?-->", "", body.replace(kept.group(0), "")))
        bodies.append(f'<g class="frame" style="animation-delay:{number * SECONDS}s"><title>{title}</title>{body}</g>')
    whole = SECONDS * len(frames)
    move = (
        "@keyframes"
        f" show{{0%,{share:.3f}%{{visibility:visible}}{share + 0.001:.3f}%,100%{{visibility:hidden}}}}.frame{{visibility:hidden;animation:show"
        f" {whole}s steps(1) infinite}}"
    )
    sheet = re.sub(r"\s+", " ", " ".join(styles)) + move
    # what reads no animation (or is asked for less motion) sees the last frame
    sheet += f"@media(prefers-reduced-motion:reduce){{.frame{{animation:none}}.frame:nth-of-type({len(frames)}){{visibility:visible}}}}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"><style>{sheet}</style>{"".join(bodies)}</svg>\n'


def main() -> None:
    target = Path(sys.argv[1]).resolve()
    frames: list[tuple[str, str]] = []

    async def play(place: Path) -> None:
        app = bare_app(place)
        async with app.run_test(size=(124, 32)) as pilot:
            await first_hour(
                pilot, app, lambda title: frames.append((title, app.export_screenshot(title=title, simplify=True)))
            )

    # relative paths: what is drawn is nobody's machine
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        asyncio.run(play(Path()))
    target.write_text(moving_picture(frames), encoding="utf-8")
    print(f"{len(frames)} frames, {target.stat().st_size / 1e3:.0f} kB: {target}")


if __name__ == "__main__":
    main()
