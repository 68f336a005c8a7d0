"""Recognising a block of many equal branches takes a time that grows with its devices, not with their pairs."""

from __future__ import annotations

import itertools
import time

import pytest

from eda_agent.problem.draft.circuit_class import classify
from eda_agent.problem.structure.circuit import Fet, Passive, Structure


def bank(branches: int) -> Structure:
    """Bias currents, each with a switch of its own behind two inverters; capacitors at the common gate and between two
    nets inside.
    """
    caps = (Passive("c", "c", ("b", "vdd")), Passive("k", "c", ("m0", "m1")))
    fets = [Fet("ref", "pmos", "b", "b", "vdd", "vdd")]
    ports = ["vdd", "vss", "b"]
    for number in range(branches):
        enable, low, high, middle, out = (f"{name}{number}" for name in ("en", "l", "h", "m", "out"))
        ports += [enable, out]
        fets += [
            Fet(f"n{low}", "nmos", low, enable, "vss", "vss"),
            Fet(f"p{low}", "pmos", low, enable, "vdd", "vdd"),
            Fet(f"n{high}", "nmos", high, low, "vss", "vss"),
            Fet(f"p{high}", "pmos", high, low, "vdd", "vdd"),
            Fet(f"s{number}", "pmos", middle, "b", "vdd", "vdd"),
            Fet(f"w{number}", "pmos", out, low, middle, "vdd"),
        ]
    return Structure(tuple(ports), tuple(fets), caps, "vdd", "vss")


def test_a_bank_of_sixty_bias_currents_is_read_in_seconds() -> None:
    begun = time.process_time()
    assert classify(bank(60)).name in {"", "current reference"}
    assert time.process_time() - begun < 6.0


@pytest.mark.parametrize("stages", [2, 3])
def test_a_pump_behind_inverters_is_still_found(stages: int) -> None:
    """A Dickson pump: diodes from the supply, capacitors on the clock and on its complement behind an inverter."""
    nets = ["vdd", *(f"p{number}" for number in range(stages)), "out"]
    fets = [
        Fet(f"d{number}", "nmos", one, one, other, "vss")
        for number, (one, other) in enumerate(itertools.pairwise(nets))
    ]
    fets += [Fet("in", "nmos", "k", "clk", "vss", "vss"), Fet("ip", "pmos", "k", "clk", "vdd", "vdd")]
    caps = tuple(Passive(f"c{n}", "c", (f"p{n}", "clk" if n % 2 else "k")) for n in range(stages))
    found = classify(Structure(("vdd", "vss", "clk", "out"), tuple(fets), caps, "vdd", "vss"))
    assert found.name == "charge pump" and found.ports["clk"] == "clk" and found.ports["out"] == "out"
