"""Open layout, LVS, sizing, preview, write-back, LVS clean: one command, in the real application."""

from __future__ import annotations

import json
from pathlib import Path

from tests.klayout.flow import PICTURES, play
from tests.klayout.test_application import display, home, pytestmark

__all__ = ["display", "home", "pytestmark"]


def test_from_an_open_layout_to_a_sized_one_that_is_lvs_clean(display: str, home: Path, tmp_path: Path) -> None:
    placed, sized, preview, written, checked, undone = play(display, home, tmp_path, tmp_path / "shots")
    assert placed["devices"] > 40 and placed["lvs"] and placed["said"] == []
    assert sized["stop"] == "met"
    # the preview is shown before anything is asked, and lists what is written
    assert preview["markers"] and written["changes"] > 0 and "→" in written["asked"]
    assert written["lines"] == written["changes"] and written["changed"] and written["match"]
    # what the window warns of is what the run found, and nothing else
    journal = [json.loads(line) for line in (Path(sized["folder"]) / "journal.jsonl").read_text().splitlines()]
    found = [
        row["text"] for event in journal if event["type"] == "verified" for row in event.get("left_saturation", ())
    ]
    assert [line for _, text in written["said"] for line in text.splitlines()] == found
    assert checked["netlists"] and undone["undone"]
    for name in PICTURES:
        assert (tmp_path / "shots" / f"{name}.png").stat().st_size > 5_000
