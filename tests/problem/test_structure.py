"""Structure is recognised from connections alone: names are shuffled, and what is found must not change."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest

from eda_agent.problem.elaborate import Elaboration
from eda_agent.problem.flat import FlatDevice
from eda_agent.problem.pdk.stub_devices import stub_devices
from eda_agent.problem.spec import Problem
from eda_agent.problem.structure import Structure, analyse, polarity, recognise

from ..conftest import NAMES

EXPECTED = {
    "ota_5t": {"input pair": 2, "load mirror": 2, "tail source": 1, "bias diode": 1},
    "two_stage_miller": {
        "input pair": 2,
        "load mirror": 2,
        "tail source": 1,
        "bias diode": 1,
        "output device": 1,
        "current source": 1,
        "compensation capacitor": 1,
        "nulling resistor": 1,
    },
    "telescopic": {
        "input pair": 2,
        "cascode nmos": 2,
        "cascode pmos": 2,
        "load mirror": 2,
        "tail source": 1,
        "bias diode": 4,
        "bias source": 3,
    },
    "folded_cascode": {
        "input pair": 2,
        "current source": 2,
        "cascode nmos": 2,
        "cascode pmos": 2,
        "load mirror": 2,
        "tail source": 1,
        "bias diode": 4,
        "bias source": 3,
    },
    "current_mirror_ota": {"input pair": 2, "load mirror": 4, "signal mirror": 2, "tail source": 1, "bias diode": 1},
    "strongarm": {
        "input pair": 2,
        "clocked tail": 1,
        "latch nmos": 2,
        "latch pmos": 2,
        "precharge switch": 4,
        "inverter nmos": 2,
        "inverter pmos": 2,
    },
    "ldo": {
        "input pair": 2,
        "load mirror": 2,
        "tail source": 1,
        "bias diode": 1,
        "output device": 1,
        "compensation capacitor": 1,
        "nulling resistor": 1,
    },
    "ring_vco": {
        "inverter nmos": 6,
        "inverter pmos": 6,
        "starving nmos": 5,
        "starving pmos": 5,
        "gain device": 1,
        "signal mirror": 1,
    },
    "three_stage_nmc": {
        "input pair": 2,
        "load mirror": 2,
        "tail source": 1,
        "gain device": 1,
        "signal mirror": 2,
        "current source": 2,
        "output device": 1,
        "bias diode": 2,
        "bias source": 1,
        "compensation capacitor": 2,
    },
    "class_ab_output": {
        "input pair": 2,
        "tail source": 1,
        "current source": 2,
        "cascode nmos": 2,
        "cascode pmos": 2,
        "load mirror": 2,
        "class-AB mesh": 2,
        "output device": 2,
        "bias diode": 8,
        "bias source": 5,
        "compensation capacitor": 2,
    },
    "recycling_folded_cascode": {
        "input pair": 4,
        "tail source": 1,
        "load mirror": 6,
        "cascode nmos": 4,
        "cascode pmos": 2,
        "bias diode": 4,
        "bias source": 3,
    },
    "tia": {"inverter nmos": 3, "inverter pmos": 3, "load diode": 2, "feedback resistor": 1, "feedback capacitor": 1},
}


def shuffled(problem: Problem, seed: int) -> tuple[Structure, dict[str, str]]:
    """The structure of the same circuit with every device, net and port renamed and the devices in another order, drain
    and source exchanged at random as a netlist from a layout has them.
    """
    draw = random.Random(seed)
    devices = Elaboration(problem.netlist, problem.subckt, stub_devices(problem.pdk)).devices({})
    ports = problem.netlist.subcircuits[problem.subckt].ports
    nets = sorted({node for device in devices for node in device.nodes} - {"0"})
    new_nets = dict(zip(nets, (f"q{number}" for number in draw.sample(range(10_000), len(nets))), strict=True))
    new_names = dict(
        zip(
            (d.label for d in devices),
            (f"z{number}" for number in draw.sample(range(10_000), len(devices))),
            strict=True,
        )
    )
    models = {device.model: f"w{number}" for number, device in enumerate(devices) if device.kind == "m"}
    types = {models[device.model]: problem.pdk.devices[device.model].type for device in devices if device.kind == "m"}
    renamed = []
    for device in devices:
        nodes = tuple(new_nets.get(node, node) for node in device.nodes)
        if device.kind == "m" and draw.random() < 0.5:
            nodes = (nodes[2], nodes[1], nodes[0], *nodes[3:])
        renamed.append(
            FlatDevice(
                (new_names[device.label],),
                device.kind,
                nodes,
                models.get(device.model, ""),
                "",
                {},
                draw.randrange(10**6),
            )
        )
    draw.shuffle(renamed)
    order = [new_nets[port] for port in ports]
    draw.shuffle(order)
    return analyse(renamed, order, types), new_names


@pytest.mark.parametrize("name", NAMES)
def test_roles_of_the_suite(name: str, problems: dict[str, Problem]) -> None:
    problem = problems[name]
    found = recognise(problem.netlist, problem.subckt, problem.pdk)
    assert Counter(found.roles.values()) == EXPECTED[name]
    assert not found.unknown
    assert (found.vdd, found.vss) == ("vdd", "vss")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_names_play_no_part(name: str, seed: int, problems: dict[str, Problem]) -> None:
    problem = problems[name]
    plain = recognise(problem.netlist, problem.subckt, problem.pdk)
    other, names = shuffled(problem, seed)
    assert {names[device]: role for device, role in plain.roles.items()} == other.roles
    assert {frozenset(names[device] for device in group) for group in plain.matched} == {
        frozenset(group) for group in other.matched
    }


@pytest.mark.parametrize("name", NAMES)
def test_matched_devices_are_those_that_the_designer_names(name: str, problems: dict[str, Problem]) -> None:
    problem = problems[name]
    found = {
        frozenset(group)
        for group in recognise(problem.netlist, problem.subckt, problem.pdk).matched
        if "." not in "".join(group)
    }
    assert found == {frozenset(group) for group in problem.groups}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"strongarm", "ring_vco", "tia", "ldo"}])
def test_the_inverting_input_is_told_by_signs(name: str, problems: dict[str, Problem]) -> None:
    problem = problems[name]
    found = recognise(problem.netlist, problem.subckt, problem.pdk)
    assert found.input_pair is not None
    assert {fet.gate for fet in found.input_pair} == {"inp", "inn"}
    assert (polarity(found, "inp", "out"), polarity(found, "inn", "out")) == (1, -1)
    assert re.fullmatch("nmos|pmos", found.input_pair[0].type)


def test_a_layouts_dummies_are_no_diodes_and_no_mirrors() -> None:
    """Magic extracts them with one net at drain, gate and source; a MOS capacitor has one at drain and source."""

    def fet(name: str, kind: str, drain: str, gate: str, source: str) -> FlatDevice:
        return FlatDevice((name,), "m", (drain, gate, source, "vss" if kind == "nmos" else "vdd"), kind, "", {})

    ota = [
        fet("m1", "nmos", "a", "inn", "t"), fet("m2", "nmos", "out", "inp", "t"), fet("m3", "pmos", "a", "a", "vdd"),
        fet("m4", "pmos", "out", "a", "vdd"), fet("m5", "nmos", "t", "ib", "vss"), fet("m6", "nmos", "ib", "ib", "vss"),
    ]  # fmt: skip
    idle = [
        fet("d1", "nmos", "out", "out", "out"), fet("d2", "pmos", "a", "a", "a"), fet("d3", "nmos", "t", "vss", "t"),
        fet("c1", "nmos", "vss", "out", "vss"),
    ]  # fmt: skip
    ports = ["inp", "inn", "out", "ib", "vdd", "vss"]
    kinds = {"nmos": "nmos", "pmos": "pmos"}
    plain, found = analyse(ota, ports, kinds), analyse([*idle, *ota], ports, kinds)
    assert (found.fets, found.mirrors, found.matched, found.pairs) == (
        plain.fets,
        plain.mirrors,
        plain.matched,
        plain.pairs,
    )
    assert found.roles == {**plain.roles, "d1": "dummy", "d2": "dummy", "d3": "dummy", "c1": "MOS capacitor"}
