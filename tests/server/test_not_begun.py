"""A run that has not begun: every tool says so, and a stop ends it at once."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.record.journal import WORDS
from eda_agent.record.run_state import load_state
from eda_agent.server.confined import Root
from eda_agent.server.registry import call

from ..conftest import CIRCUITS


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        ("show", {"run": "new"}),
        ("report", {"run": "new", "format": "netlist"}),
        ("report", {"run": "new"}),
        ("size", {"target": "new"}),
        ("size", {"target": "new", "resume": True}),
        ("edit", {"target": "new", "changes": {"budget": {"simulations": 9}}}),
        ("check", {"target": "new"}),
        ("simulate", {"target": "new", "sizings": [{}]}),
    ],
)
def test_a_run_without_a_journal_is_said_to_have_not_begun(tool: str, given: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / WORDS).touch()
    with pytest.raises(InputError) as error:
        call(tool, Root.at(tmp_path), given)
    (finding,) = error.value.findings
    assert "the run has not begun" in finding.message and "wait" in finding.fix


def test_the_folder_of_a_run_that_has_not_begun_is_no_damaged_run(tmp_path: Path) -> None:
    (tmp_path / WORDS).touch()
    with pytest.raises(InputError, match="has not begun"):
        load_state(tmp_path)


def test_a_stop_before_a_run_begins_ends_it(tmp_path: Path) -> None:
    shutil.copytree(CIRCUITS / "ota_5t", tmp_path / "amp")
    root = Root.at(tmp_path)
    run = call("size", root, {"target": "amp", "policy": "random", "budget": 5000})["run"]
    before = time.monotonic()
    ended = call("run", root, {"run": run, "do": "stop"})
    assert (ended["state"], ended["stop"]) == ("ended", "user"), ended
    assert time.monotonic() - before < 15
    assert call("run", root, {"run": run, "do": "status"})["state"] == "ended"
