"""`show --turn` says what was repaired in a proposal: a value moved into its range, a reply asked for once more."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from eda_agent.cli.main import main

from ..conftest import ROOT

NOTE = "the reply was cut off at 8192 tokens; asked again with 32768"


def test_the_notes_of_a_turn_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = shutil.copytree(ROOT / "tests" / "fixtures" / "run" / "ota", tmp_path / "run")
    journal = run / "journal.jsonl"
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    noted = next(event for event in events if event.get("index") == 1 and "proposal" in event)
    noted["proposal"]["notes"] = [NOTE]
    journal.write_text("".join(json.dumps(event) + "\n" for event in events))
    assert main(["show", str(run), "--turn", "1"]) == 0
    assert f"note: {NOTE}" in " ".join(capsys.readouterr().out.split())
    assert main(["show", str(run), "--turn", "0"]) == 0
    assert "note:" not in capsys.readouterr().out
