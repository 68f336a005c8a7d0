"""Which devices are meant to be in saturation, and what a draft asks of them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.draft.circuit import Draft
from eda_agent.problem.draft.saturation import saturation_line
from eda_agent.problem.load import load_problem
from eda_agent.problem.logical_line import logical_lines
from eda_agent.problem.netlist import parse_netlist
from eda_agent.problem.pdk import find_pdk
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure import recognise
from eda_agent.problem.structure.saturation import meant_for_saturation

from ..conftest import CIRCUITS


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("two_stage_miller", set()),
        ("class_ab_output", {"xm11", "xm12"}),  # the mesh
        ("telescopic", set()),
        ("ldo", set()),
    ],
)
def test_amplifiers_need_nearly_all(name: str, left_out: set[str], problems: dict[str, Problem]) -> None:
    structure = recognise(problems[name].netlist, problems[name].subckt, problems[name].pdk)
    assert {fet.name for fet in structure.fets} - set(meant_for_saturation(structure)) == left_out


@pytest.mark.parametrize("name", ["strongarm", "ring_vco"])
def test_circuits_of_large_signals_need_none(name: str, problems: dict[str, Problem]) -> None:
    assert meant_for_saturation(recognise(problems[name].netlist, problems[name].subckt, problems[name].pdk)) == ()


def test_devices_with_another_use_are_left_out() -> None:
    text = """.subckt amp inp inn out vdd vss ib
M1 n1 inp tail vss nmos w=2u l=0.2u
M2 out inn tail vss nmos w=2u l=0.2u
M3 n1 n1 vdd vdd pmos w=2u l=0.2u
M4 out n1 vdd vdd pmos w=2u l=0.2u
M5 tail ib mid vss nmos w=1u l=0.4u
M5b mid ib vss vss nmos w=1u l=0.4u
M6 ib ib vss vss nmos w=1u l=0.4u
Mdummy n1 vss vss vss nmos w=1u l=0.4u
Mcap vss ib vss vss nmos w=9u l=2u
Mdecap vdd ib vss vss nmos w=9u l=2u
Mresistor out vdd vss vss nmos w=0.1u l=9u
.ends
"""
    structure = recognise(parse_netlist(logical_lines(text, Path("c"))), "amp", find_pdk("ptm45"))
    assert set(meant_for_saturation(structure)) == {"m1", "m2", "m3", "m4", "m5", "m6"}


@pytest.fixture(scope="module")
def miller_draft(tmp_path_factory: pytest.TempPathFactory) -> Draft:
    folder = tmp_path_factory.mktemp("draft")
    (folder / "amp.spice").write_text((CIRCUITS / "two_stage_miller" / "two_stage_miller.spice").read_text())
    return read_circuit(folder / "amp.spice", folder)


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(st.floats(-1.0, 2.0))
def test_a_draft_asks_no_more_than_the_netlist_has_and_never_more_than_enough(miller_draft: Draft, now: float) -> None:
    spec = yaml.safe_load(write_draft(miller_draft, "amp.spice", {"saturation": now}))["specs"]["saturation"]
    bound = float(str(spec["minimum"]).replace("m", "e-3"))
    assert (
        0.0 <= bound <= 0.05 and (bound <= now or bound == 0.0) and (bound == 0.05 or bound > now - 0.0101 or now < 0)
    )


def test_a_draft_loads_with_every_device_that_is_meant(miller_draft: Draft) -> None:
    path = miller_draft.source.parent / "spec.yaml"
    path.write_text(write_draft(miller_draft, "amp.spice"))
    spec = next(spec for spec in load_problem(path).specs if spec.name == "saturation")
    assert spec.devices == meant_for_saturation(miller_draft.structure) and spec.minimum == 0.05
    assert re.search(r"saturation: .*# a common value", path.read_text())


def test_a_device_that_is_off_in_an_oscillator_is_no_spec(miller_draft: Draft) -> None:
    swinging = replace(miller_draft, kind=replace(miller_draft.kind, name="oscillator"))
    off = saturation_line(miller_draft, None, measured=True)
    assert off is not None and "some are off" in off
    assert saturation_line(swinging, None, measured=True) is None
    assert saturation_line(swinging, 0.1, measured=True) is not None


@pytest.mark.parametrize("kind", ["reference", "current reference"])
def test_a_start_up_switch_that_is_off_in_a_reference_is_no_spec(kind: str, miller_draft: Draft) -> None:
    started = replace(miller_draft, kind=replace(miller_draft.kind, name=kind))
    assert saturation_line(started, None, measured=True) is None
    assert saturation_line(started, 0.1, measured=True) is not None
