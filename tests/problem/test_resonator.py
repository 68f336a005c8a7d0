"""An amplifier that waits for a crystal between two ports is no ring, gate or transimpedance amplifier."""

from __future__ import annotations

import itertools

import pytest

from eda_agent.problem.draft.circuit_class import classify
from eda_agent.problem.structure.circuit import Fet, Passive, Structure


def inverter(source: str, target: str) -> list[Fet]:
    return [
        Fet(f"n{target}", "nmos", target, source, "vss", "vss"),
        Fet(f"p{target}", "pmos", target, source, "vdd", "vdd"),
    ]


def stages(*nets: str) -> list[Fet]:
    return [fet for source, target in itertools.pairwise(nets) for fet in inverter(source, target)]


def found(fets: list[Fet], resistors: list[tuple[str, str]], ports: str) -> tuple[str, str]:
    passives = tuple(Passive(f"r{number}", "r", nets) for number, nets in enumerate(resistors))
    kind = classify(Structure((*ports.split(), "vdd", "vss"), tuple(fets), passives, "vdd", "vss"))
    return kind.name, " ".join(kind.doubts)


CHAIN = stages("in", "a", "b", "c")
PULL = Fet("off", "nmos", "in", "stop", "vss", "vss")


@pytest.mark.parametrize(
    ("fets", "resistors", "ports"),
    [
        # three stages, the pad behind a resistor, and a buffer to the clock
        ([*CHAIN, *inverter("c", "clock")], [("c", "in"), ("c", "out")], "in out clock"),
        # a pull-down at the input, as an enable has: the ring of stages closes through the resistor alone
        ([*CHAIN, PULL, *inverter("c", "clock")], [("c", "in"), ("c", "out")], "in out clock stop"),
        (stages("xin", "a", "b", "xout"), [("xin", "xout")], "xin xout"),
        # one stage: the names say it
        (stages("xin", "xout", "clock"), [("xin", "xout")], "xin xout clock"),
    ],
)
def test_a_crystal_outside_is_asked_for(fets: list[Fet], resistors: list[tuple[str, str]], ports: str) -> None:
    name, said = found(fets, resistors, ports)
    assert name == "" and "waits for a crystal outside" in said


def test_a_ring_that_a_resistor_closes_inside_is_an_oscillator() -> None:
    assert found(stages("a", "b", "c", "d", "out"), [("d", "a")], "out")[0] == "oscillator"


@pytest.mark.parametrize(
    ("fets", "resistors"),
    [
        (stages("in", "out"), [("in", "out")]),
        (stages("in", "a", "b", "out"), [("in", "out")]),
        (stages("in", "a", "out"), []),
    ],
)
def test_a_transimpedance_amplifier_and_a_gate_wait_for_nothing(
    fets: list[Fet], resistors: list[tuple[str, str]]
) -> None:
    assert "crystal" not in found(fets, resistors, "in out")[1]
