"""The first hour with the app, as a new user has it, at a small and a large terminal: `python -m tests.tui.flow` draws
it.
"""

from __future__ import annotations

import asyncio
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.units import parse_quantity

from .flow import bare_app, first_hour, moving_picture


@pytest.mark.parametrize("size", [(80, 24), pytest.param((160, 50), marks=pytest.mark.evidence)])
def test_from_a_bare_netlist_to_files(size: tuple[int, int], tmp_path: Path) -> None:
    frames: list[tuple[str, str]] = []

    async def run() -> None:
        app = bare_app(tmp_path)
        async with app.run_test(size=size) as pilot:
            await first_hour(
                pilot, app, lambda title: frames.append((title, app.export_screenshot(title=title, simplify=True)))
            )

    asyncio.run(run())
    folder = tmp_path / "runs" / "first"
    state = fold(read_journal(folder / "journal.jsonl"))
    # what the user asked for is what was met, in a run of two parts, and the locked size stayed
    assert state.finished["stop"] == "met" and state.verified["met"] and len(state.edits) == 2
    target, lock = state.edits
    reached = state.best["specs"][target["spec"]]
    assert reached["value"] >= parse_quantity(target["minimum"], "Hz") and reached["met"]
    assert json.loads((folder / "best.json").read_text())["sizing"][lock["parameter"]] == lock["value"]
    assert "W" in (folder / "sized.spice").read_text() and (folder / "report.html").stat().st_size > 10_000
    picture = ET.fromstring(moving_picture(frames))
    assert len(picture.findall("{http://www.w3.org/2000/svg}g")) == len(frames) == 7
