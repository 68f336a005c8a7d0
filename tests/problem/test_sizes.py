"""Effective sizes: of the shipped circuits by hand, the same for every way to say them, and none where they are no
products.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.load import load_problem
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure import recognise
from eda_agent.problem.structure.fingerprint import colours, fingerprint
from eda_agent.problem.structure.sizes import COPIES, Sizes, sizes

from ..conftest import NAMES, ROOT

MILLER = ROOT / "circuits" / "two_stage_miller"


def measured(problem: Problem, found: Sizes, sizing: dict[str, float]) -> dict[tuple[str, str], float]:
    values = np.exp(found.matrix @ np.log([sizing[name] for name in problem.space.names]) + found.offset)
    return dict(zip(found.keys, values.tolist(), strict=True))


def test_a_millers_sizes_by_hand(miller: Problem) -> None:
    found = sizes(miller)
    assert found is not None
    place = colours(recognise(miller.netlist, miller.subckt, miller.pdk))
    sizing = {**miller.space.initial, "W6": 7e-6, "Wb": 3e-6, "m5": 4.0, "Cc": 0.7e-12, "L12": 0.6e-6}
    at = measured(miller, found, sizing)
    # SKY130 counts in micrometres; M6 has four copies in the netlist itself
    for device, quantity, value in (
        ("xm6", "width", 28.0),
        ("xm5", "width", 12.0),
        ("xm8", "width", 3.0),
        ("xm1", "length", 0.6),
        ("cc", "c", 0.7e-12),
        ("xm6", COPIES, 4.0),
    ):
        assert at[place[device], quantity] == pytest.approx(value), device


@pytest.mark.parametrize("name", NAMES)
def test_they_are_what_the_netlist_elaborates_to(name: str, problems: dict[str, Problem]) -> None:
    """Gate area is the sum of W·L over all devices: counted from the sizes, one device a colour times their number."""
    problem = problems[name]
    found = sizes(problem)
    assert found is not None
    structure = recognise(problem.netlist, problem.subckt, problem.pdk)
    place = colours(structure)
    space = problem.space
    elaboration = Elaboration(
        problem.netlist, problem.subckt, stub_devices(problem.pdk), list(space.edits(space.initial))
    )
    for row in np.random.default_rng(0).random((3, len(space.parameters))).tolist():
        sizing = space.from_unit(row)
        at = measured(problem, found, sizing)
        truth = sum(
            device.values["w"] * device.values["l"] * device.values.get("m", 1.0)
            for device in elaboration.devices(space.edits(sizing))
            if device.kind == "m"
        )
        assert sum(
            at[place[fet.name], "width"] * at[place[fet.name], "length"] for fet in structure.fets
        ) == pytest.approx(truth, rel=1e-6)


def rewritten(tmp_path: Path, *changes: tuple[str, str], parameters: tuple[str, str] = ("", "")) -> Problem:
    netlist, spec = (MILLER / "two_stage_miller.spice").read_text(), (MILLER / "spec.yaml").read_text()
    for old, new in changes:
        assert old in netlist
        netlist = netlist.replace(old, new)
    assert parameters[0] in spec
    (tmp_path / "two_stage_miller.spice").write_text(netlist)
    (tmp_path / "spec.yaml").write_text(spec.replace(*parameters) if parameters[0] else spec)
    return load_problem(tmp_path / "spec.yaml")


def test_another_way_to_say_the_same_widths(tmp_path: Path, miller: Problem) -> None:
    """M6 in one copy, as wide as the four were."""
    other = rewritten(tmp_path, ("nf=1 m=4 ", "nf=1 "))
    assert fingerprint(other) == fingerprint(miller)
    one, two = sizes(miller), sizes(other)
    assert one is not None and two is not None and one.keys == two.keys
    sizing = miller.space.initial
    here, there = measured(miller, one, sizing), measured(other, two, {**sizing, "W6": 4 * sizing["W6"]})
    assert {key: value for key, value in here.items() if key[1] != COPIES} == pytest.approx(
        {key: value for key, value in there.items() if key[1] != COPIES}
    )


def test_a_size_that_is_no_product_has_none(tmp_path: Path) -> None:
    assert sizes(rewritten(tmp_path, ("w={W6} ", "w={W6+W34} "))) is None
