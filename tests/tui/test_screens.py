"""Every screen at three sizes as it was looked at and found good: cell by cell, colours and all.

A picture of a screen is kept as text with the codes of its colours, which a terminal shows as it was (`cat`) and a diff
can compare; the SVG of a screen is drawn from the same cells and ten times as long. After a change that is meant:

    EDA_AGENT_SCREENS=draw pytest tests/tui/test_screens.py      draws them anew, with an SVG of each in $TMPDIR/screens
    to look at
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, Static

from eda_agent.run.process import RunProcess
from eda_agent.tui import cli_subprocess
from eda_agent.tui.app import SizingApp
from eda_agent.tui.feed import JournalFeed
from eda_agent.tui.screens import simulated
from tests.evidence import cases

from .old_run import branched

FIXTURE = Path(__file__).parent.parent / "fixtures" / "run"
KEPT = Path(__file__).parent / "screens"
SIZES = {"small": (80, 24), "middle": (120, 36), "wide": (200, 55)}
SCREENS: Mapping[str, Sequence[str]] = {
    "run": (),
    "older-turn": ("up", "up", "up"),
    "sizes": ("2",),
    "curve": ("3",),
    "turn": ("up", "enter"),
    "points": ("o",),
    "front": ("f",),
    "diff": ("d",),
    "circuit": ("k",),
    "failures": ("j",),
    "runs": ("c",),
    "compare": ("c", "space"),
    "help": ("question_mark",),
    "palette": ("ctrl+p",),
    "waves": ("w",),
    "sensitivity": ("z",),
    "monte-carlo": ("m",),
    "export": ("E",),
    "try": ("t",),
    "target": ("g",),
    "policy": ("x",),
    "wrong-size": ("t", "home", "delete", "delete", "enter"),
    # the last one: its text stays
    "filter": ("slash", *"l34 mt"),
}
BRANCHED: Mapping[str, Sequence[str]] = {"history": ("B",)}
"""Screens of the same run after the user has gone back twice."""


def cells(app: App[Any]) -> str:
    """The screen with its colours, without blanks at the ends of lines."""
    out = io.StringIO()
    width, height = app.size
    console = Console(
        file=out, width=width, height=height, force_terminal=True, color_system="truecolor", legacy_windows=False
    )
    console.print(app.screen._compositor.render_update(full=True))
    return out.getvalue()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The recorded run in a place, at a time and with settings that are always the same."""
    shutil.copytree(FIXTURE / "ota", tmp_path / "runs" / "ota")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDA_AGENT_CONFIG", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")
    for name in ("COLORTERM", "NO_COLOR", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)
    folder = Path("runs") / "ota"
    os.utime(folder / "journal.jsonl", (1795614372, 1795614372))
    monkeypatch.setattr("eda_agent.tui.app.time.time", lambda: 1795614400.0)

    async def answered(
        command: str, spec: Path, sizing: Mapping[str, float], arguments: Sequence[str] = ()
    ) -> dict[str, Any]:
        if "--waves" in arguments:
            shutil.copy(FIXTURE / "answers" / "waves.json", arguments[-1])
        found: dict[str, Any] = json.loads((FIXTURE / "answers" / f"{command}.json").read_text())
        return found

    monkeypatch.setattr(simulated, "run_program", answered)
    monkeypatch.setattr(cli_subprocess, "run_program", answered)
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)
    return folder


@pytest.mark.parametrize("size", cases(SIZES, "middle"))
def test_screens_are_what_they_were(folder: Path, size: str) -> None:
    other = []
    drawing = os.environ.get("EDA_AGENT_SCREENS") == "draw"
    pictures = Path(tempfile.gettempdir()) / "screens"

    def compare(app: SizingApp, name: str) -> None:
        path, text = KEPT / size / f"{name}.txt", cells(app)
        kept = path.read_text(encoding="utf-8") if path.exists() else ""
        if drawing:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif kept != text:
            other.append(name)
        if drawing or kept != text:
            pictures.mkdir(exist_ok=True)
            (pictures / f"{name}-{size}.svg").write_text(
                app.export_screenshot(title=f"{name}, {size}", simplify=True), encoding="utf-8"
            )
            (pictures / f"{name}-{size}.txt").write_text(text, encoding="utf-8")

    async def look(screens: Mapping[str, Sequence[str]]) -> None:
        app = SizingApp(JournalFeed(folder / "journal.jsonl"), folder, RunProcess(folder))
        async with app.run_test(size=SIZES[size]) as pilot:
            await settled(pilot)
            for name, keys in screens.items():
                await idle(pilot)
                for key in keys:
                    await pilot.press(key)
                    await idle(pilot)
                await settled(pilot)
                # under load a screen takes a moment to come to rest; one that is never what it was is another
                kept = KEPT / size / f"{name}.txt"
                for _ in range(0 if drawing or not kept.exists() else 200):
                    if cells(app) == kept.read_text(encoding="utf-8"):
                        break
                    await pilot.pause(0.1)
                compare(app, name)
                while app.screen is not app.screen_stack[0]:
                    await pilot.press("escape")
                    await pilot.pause()
                await pilot.press("1", "i")

    asyncio.run(look(SCREENS))
    branched(folder)
    asyncio.run(look(BRANCHED))
    assert not other, f"{size}: {', '.join(other)} look different; as they are now: {pictures}"


async def idle(pilot: Pilot[None]) -> None:
    """Until nothing is simulated."""
    for _ in range(100):
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        if not getattr(pilot.app.screen, "filled", True):
            continue
        if not any(
            "simulating" in str(widget.content) for widget in pilot.app.screen.query(".detail-title").results(Static)
        ):
            break


async def settled(pilot: Pilot[None]) -> None:
    """Until nothing is simulated and nothing moves."""
    await idle(pilot)
    await pilot.wait_for_animation()
    # columns find their widths when there is nothing else to do: the picture is one that stays
    before = ""
    for _ in range(100):
        await pilot.pause()
        await pilot.pause(0.05)
        now = cells(pilot.app)
        waiting = any(
            table._require_update_dimensions or table._updated_cells for table in pilot.app.screen.query(DataTable)
        )
        if now == before and not waiting:
            break
        before = "" if waiting else now
