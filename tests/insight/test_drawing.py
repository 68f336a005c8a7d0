"""Drawings: every device once, in a branch that is a path of the circuit, with its size."""

from __future__ import annotations

import pytest

from eda_agent.insight.drawing import COLUMN, branches_of, drawing
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure.recognise import recognise
from tests.conftest import NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_device_is_drawn_with_its_size(problems: dict[str, Problem], name: str) -> None:
    problem = problems[name]
    structure = recognise(problem.netlist, problem.subckt, problem.pdk)
    for width in (COLUMN, 80, 200):
        lines = drawing(problem, problem.space.initial, width)
        text = "\n".join(lines)
        for device in (*structure.fets, *structure.passives):
            label = device.name.upper()
            label = label.removeprefix("X") if label.startswith("XM") else label
            # once with its size; elsewhere as before
            assert sum(line.count(f"{label} ") + line.endswith(label) for line in lines) >= 1, (label, text)
        assert all(len(line) <= max(width, COLUMN) for line in lines if "═" in line or "│" in line)


@pytest.mark.parametrize("name", NAMES)
def test_branches_are_paths(problems: dict[str, Problem], name: str) -> None:
    problem = problems[name]
    structure = recognise(problem.netlist, problem.subckt, problem.pdk)
    channels = {fet.name: {fet.drain, fet.source} for fet in structure.fets} | {
        one.name: set(one.nets) for one in structure.passives
    }
    branches = branches_of(structure)
    assert branches
    for branch in branches:
        net = branch.top
        for device, lower in branch.steps:
            assert channels[device] == {net, lower} or channels[device] == {net}
            net = lower
        assert net == structure.vss or net in structure.ports
    held = [name for branch in branches for name, _ in branch.steps]
    assert set(held) >= {
        fet.name for fet in structure.fets if structure.roles[fet.name] in {"input pair", "tail source", "load mirror"}
    }


def test_a_miller_amplifier_reads_as_one(miller: Problem) -> None:
    lines = drawing(miller, {**miller.space.initial, "W6": 12e-6}, 130)
    assert lines[0].startswith("vdd ═") and lines[1].split()[:3] == ["n1○┤", "M3", "load"]
    assert any("12 um/500 nm ×4" in line for line in lines)
    assert any("● ib" in line for line in lines) and any("n2 ─ RZ 1 kOhm ─ nz" in line for line in lines)
