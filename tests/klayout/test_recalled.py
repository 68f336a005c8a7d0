"""What was typed last is that of the newest run of the same spec."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

pytest.importorskip("klayout.db")
from eda_agent.klayout import command, recalled  # needs pya

TARGET = {"do": "target", "spec": "gbw", "minimum": "3M"}
LOCK = {"do": "lock", "parameter": "W1", "value": 2e-6}


def test_the_newest_run_of_the_spec_is_read(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    assert recalled.recalled(spec) is None
    for at, (name, of, order) in enumerate((("a", spec, LOCK), ("b", spec, TARGET), ("c", "other.yaml", LOCK))):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "origin.json").write_text(json.dumps({"spec": str(of)}))
        request = {"opened": {"request": {"simulations": 7, "corners": "nominal"}}}
        events = [{"type": "run.started", **request}, {"type": "problem.changed", "order": order}]
        # the last line is torn
        (folder / "journal.jsonl").write_text("\n".join(map(json.dumps, events)) + '\n{"type": "problem.changed", "or')
        os.utime(folder / "journal.jsonl", (at, at))
    assert recalled.recalled(spec) == recalled.Typed([TARGET], "nominal", 7)


def test_a_message_of_the_program_in_a_box() -> None:
    assert command.boxed("eda-agent: it is no run\n    → choose another") == "it is no run\n\nChoose another"
    assert command.boxed("plain") == "plain"
