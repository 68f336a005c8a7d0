"""A draft from Python: its answers are those of the command line; each guess names the argument that changes it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import eda_agent as ea
from eda_agent.cli.parser import build_parser
from eda_agent.errors import InputError
from eda_agent.problem.draft.kinds import CHOICES, KINDS, kind_named

from ..conftest import CIRCUITS


@pytest.fixture
def netlist(tmp_path: Path) -> Path:
    return Path(shutil.copy(CIRCUITS / "ota_5t" / "ota_5t.spice", tmp_path))


def test_answers_are_those_of_the_command_line(netlist: Path, tmp_path: Path) -> None:
    drafted = ea.draft(
        netlist, tmp_path / "a", kind="ota", supply=3.0, load=2e-12, vcm="1.1", bias={"ib": "-20u"}, keep="W34",
        ports={"out": "out"}, size=["W12", "W34"], simulate=False,
    )  # fmt: skip
    words = "--kind ota --supply 3 --load 2p --vcm 1.1 --bias ib=-20u --keep W34 --port out=out --size W12,W34 --no-sim"
    command = [sys.executable, "-m", "eda_agent", "init", str(netlist), "--out", str(tmp_path / "b"), "--json"]
    told = subprocess.run([*command, *words.split()], capture_output=True, text=True, check=True).stdout
    assert drafted.spec.read_text() == (tmp_path / "b" / "spec.yaml").read_text()
    assert json.loads(told)["guessed"] == drafted.data["guessed"] == []
    assert list(drafted.load().parameters["name"]) == ["W12"]


def test_each_guess_names_the_argument_that_changes_it(netlist: Path) -> None:
    drafted = ea.draft(netlist, simulate=False)
    assert drafted.ready and len(drafted.guessed) > 2
    given = {}
    for row in drafted.guessed:
        name, _, value = row["argument"].partition("=")
        given[name] = {re.findall('"(.*)"', value)[0]: "10u"} if value.startswith("{") else row["value"]
    again = ea.draft(netlist, force=True, simulate=False, targets={"gbw": {"minimum": "5M"}}, **given)
    assert len(again.guessed) == 0 and 5e6 in again.load().specs["minimum"]


def test_a_target_may_have_both_bounds(netlist: Path) -> None:
    """The unit stands once, else the spec does not load; exchanged bounds are refused before a file is made."""
    targets = {"gbw": {"minimum": "1M", "maximum": "9M"}, "phase_margin": {"minimum": 55, "maximum": 75}}
    drafted = ea.draft(netlist, simulate=False, targets=targets)
    specs = drafted.load().specs
    bounds = {
        name: (low, high) for name, low, high in zip(specs["name"], specs["minimum"], specs["maximum"], strict=True)
    }
    assert bounds["gbw"] == (1e6, 9e6) and bounds["phase_margin"] == (55, 75)
    with pytest.raises(InputError, match="minimum is above maximum"):
        ea.draft(netlist, force=True, simulate=False, targets={"gbw": {"minimum": "9M", "maximum": "1M"}})


def test_the_help_names_every_kind_as_it_is_written() -> None:
    for name in CHOICES:
        assert kind_named(name) in KINDS
    command = next(action for action in build_parser()._actions if isinstance(action.choices, dict))
    init = command.choices["init"]
    shown = str(next(action.help for action in init._actions if "--kind" in action.option_strings))
    for name in CHOICES:
        assert re.search(rf"\b{name}\b", shown), name
