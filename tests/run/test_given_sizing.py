"""Sizes that a user gives: an unknown name, a half device and a key of a batch that nobody reads are answered."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from eda_agent.cli.commands.compare import _headings
from eda_agent.cli.main import main
from eda_agent.errors import InputError
from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.given_sizing import complete
from eda_agent.problem.load import load_problem
from eda_agent.problem.shipped import shipped_circuits
from eda_agent.problem.spec import Problem
from eda_agent.run.batch import read_batch
from eda_agent.run.spec_copy import write_copy
from eda_agent.run.widening import how_to_widen

from ..conftest import CIRCUITS

BARE = """* an OTA with plain sizes
.subckt amp inp inn out vdd vss ib
XM1 n1 inp tail vdd pfet_03v3 w=4u l=0.5u
XM2 out inn tail vdd pfet_03v3 w=4u l=0.5u
XM3 n1 n1 vss vss nfet_03v3 w=2u l=0.5u
XM4 out n1 vss vss nfet_03v3 w=2u l=0.5u
XM5 tail ib vdd vdd pfet_03v3 w=4u l=0.5u m=2
XM6 ib ib vdd vdd pfet_03v3 w=4u l=0.5u
.ends
"""


@pytest.fixture
def bare(tmp_path: Path) -> Problem:
    netlist = tmp_path / "amp.spice"
    netlist.write_text(BARE)
    text = write_draft(read_circuit(netlist, tmp_path, None, None), netlist.name)
    (tmp_path / "spec.yaml").write_text(text)
    return load_problem(tmp_path / "spec.yaml")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("XM2.w", "XM1.w sizes it"),
        ("xm2.W", "XM1.w sizes it"),
        ("M2.l", "XM1.l sizes it"),
        ("XM1.W", "XM1.w sizes it"),
        ("XM2.x", "did you mean XM"),
        ("zzz", "one of XM1.w, "),
    ],
)
def test_a_device_s_size_is_answered_with_its_parameter(bare: Problem, name: str, says: str) -> None:
    with pytest.raises(InputError, match=f"no parameter '{re.escape(name)}'\n.*{says}"):
        complete(bare.space, {name: "3u"}, bare.space.initial)


def test_devices_are_counted_in_whole_numbers(problems: dict[str, Problem]) -> None:
    space = problems["ota_5t"].space
    for value in (3, 3.0, "3", "3.0"):
        assert complete(space, {"mt": value}, space.initial)["mt"] == 3
    for value in (2.5, "2.5"):
        with pytest.raises(InputError, match=r"size mt: this is a whole number \(read: 2.5\)\n.*2 or 3"):
            complete(space, {"mt": value}, space.initial)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"sizing": {"W12": "8u"}, "sizng": 1}', "unknown key 'sizng'\n.*did you mean sizing"),
        ('{"sizing": {"W12": "8u"}, "budget": 1}', "unknown key 'budget'\n.*name, reasoning"),
        ('{"W12": "8u", "name": "wide"}', "no parameter 'name'"),
        ('{"W12": "8u", "W12": "9u"}', "'W12' is given twice"),
        ('{"sizing": {"mt": 2.5}}', "whole number"),
        ('{"sizing": [1]}', "this is no sizing"),
        ("[1]", "this is no sizing"),
        ("[" * 100_000, "this is no sizing"),
        ("", "a batch has 1 to"),
    ],
)
def test_a_line_of_a_batch_that_is_refused(problems: dict[str, Problem], line: str, says: str) -> None:
    problem = problems["ota_5t"]
    good = json.dumps({"sizing": {"W12": "8u"}, "name": "wide", "reasoning": "gm"})
    with pytest.raises(InputError, match=says) as caught:
        read_batch(f"{good}\n{line}" if line else "", problem, problem.space.initial, Path("b.jsonl"))
    assert not line or str(caught.value).startswith("b.jsonl:2: ")
    assert read_batch(good, problem, problem.space.initial, Path("b.jsonl"))[0].name == "wide"


def test_two_runs_of_one_name_have_two_headings(tmp_path: Path) -> None:
    assert _headings([tmp_path / "a" / "run", tmp_path / "b" / "run"]) == ["a/run", "b/run"]
    assert _headings([tmp_path / "a" / "one", tmp_path / "b" / "two"]) == ["one", "two"]
    assert _headings([CIRCUITS, CIRCUITS]) == [f"{CIRCUITS} (1)", f"{CIRCUITS} (2)"]


def test_a_wider_range_is_set_where_it_can_be(
    bare: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # a user's own spec; its run, whose copy no resumed run reads; and a shipped circuit, which belongs to the package
    monkeypatch.chdir(tmp_path)
    assert main(["sim", "spec.yaml", "--set", "XM1.w=9"]) == 2
    assert "widen min and max in spec.yaml" in capsys.readouterr().err
    (tmp_path / "run").mkdir()
    write_copy(bare, tmp_path / "run")
    assert how_to_widen(tmp_path / "run" / "spec.yaml") == (
        f"the run keeps its ranges: widen min and max in {tmp_path / 'spec.yaml'}, and name that spec in place of the"
        " run"
    )
    assert main(["sim", "ota_5t", "--set", "W12=8"]) == 2
    said = capsys.readouterr().err
    assert f"copy the folder {shipped_circuits()['ota_5t']} of this shipped circuit" in said
