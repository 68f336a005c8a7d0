"""Corners as named set, list, cross and map; specs that count in some of them."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.load import load_problem
from eda_agent.problem.load_corners import named_set
from eda_agent.problem.pdk import find_pdk
from eda_agent.problem.spec import Problem

from ..conftest import CIRCUITS


def with_text(tmp_path: Path, corners: str, old: str = "", new: str = "") -> Problem:
    source = CIRCUITS / "two_stage_miller"
    text = (source / "spec.yaml").read_text()
    head, _, rest = text.partition("corners:")
    budget = rest[rest.index("budget:") :]
    (tmp_path / "two_stage_miller.spice").write_text((source / "two_stage_miller.spice").read_text())
    (tmp_path / "spec.yaml").write_text(f"{head.replace(old, new) if old else head}corners: {corners}\n{budget}")
    return load_problem(tmp_path / "spec.yaml")


def test_signoff_is_seventeen_corners() -> None:
    corners = named_set("signoff", find_pdk("sky130A"))
    assert len(corners) == 17
    assert corners[0].name == "nominal"
    cross = set(itertools.product(("ss", "ff", "sf", "fs"), (1.62, 1.98), (-40.0, 125.0)))
    assert {(corner.process, corner.vdd, corner.temperature) for corner in corners[1:]} == cross
    assert len({corner.name for corner in corners}) == 17


def test_a_cross_is_the_product_of_its_axes(tmp_path: Path) -> None:
    problem = with_text(tmp_path, "{cross: {process: [tt, ss], vdd: [1.62, 1.8], temperature: 27, load: [1p, 2p, 4p]}}")
    assert len(problem.corners) == 12
    assert {corner.settings["load"] for corner in problem.corners} == {1e-12, 2e-12, 4e-12}


def test_a_list_and_a_set(tmp_path: Path) -> None:
    problem = with_text(tmp_path, "[{process: tt}, {process: ss, temperature: 125}]")
    assert [corner.name for corner in problem.corners] == ["tt", "ss_125C"]
    assert len(with_text(tmp_path, "signoff").corners) == 17


def test_a_spec_that_counts_in_some_corners_only(tmp_path: Path) -> None:
    old = "{testbench: loop, unit: dB, minimum: 70}"
    new = "{testbench: loop, unit: dB, minimum: 70, corners: [tt]}"
    problem = with_text(tmp_path, "[{process: tt}, {process: ss}]", old, new)
    assert problem.specs[0].counts_in("tt")
    assert not problem.specs[0].counts_in("ss")
    with pytest.raises(InputError, match="no corner 'hot'"):
        with_text(tmp_path, "[{process: tt}]", old, old.replace("70}", "70, corners: [hot]}"))


@pytest.mark.parametrize(
    ("corners", "says"),
    [
        ("everything", "unknown set of corners"),
        ("{cross: {process: [tt, xx]}}", "no process corner 'xx'"),
        ("[{process: tt}, {process: tt}]", "two corners are the same"),
        (
            (
                "{cross: {process: [tt, ss, ff, sf, fs], vdd: [1.6, 1.7, 1.8, 1.9], temperature: [-40, 0, 27, 85, 125],"
                " load: [1p, 2p, 3p, 4p]}}"
            ),
            "400 corners",
        ),
    ],
)
def test_bad_corners_are_one_message(corners: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=says):
        with_text(tmp_path, corners)


def test_a_signoff_set_keeps_the_supply_of_the_spec() -> None:
    """GF180's usual supply is 3.3 V; a circuit of its 6 V devices at 5 V is signed off at 5 V."""
    corners = named_set("signoff_rc", find_pdk("gf180mcuD"), 5.0)
    assert {corner.vdd for corner in corners} == {5.0, 4.5, 5.5}
    assert {corner.vdd for corner in named_set("signoff_rc", find_pdk("gf180mcuD"))} == {3.3, 2.97, 3.63}
