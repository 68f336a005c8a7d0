"""An operating point that begins at a nodeset ends where plain ngspice ends with a tolerance a hundred times finer."""

from __future__ import annotations

import pytest

from eda_agent.problem.load import load_problem
from eda_agent.record.export import sized_netlist
from eda_agent.run.evaluate_once import open_evaluator

from ..conftest import CIRCUITS
from .plain import library, ngspice

SIZES = {
    "W12": 5.076e-05,
    "L12": 9.1e-07,
    "Wp": 6.04e-06,
    "Lp": 7.1e-07,
    "K": 4.0,
    "Wnm": 1.61e-05,
    "Lnm": 1.29e-06,
    "Wb": 1.48e-06,
    "Lb": 5.6e-07,
    "mt": 6.0,
}
"""A first proposal for the mirror amplifier: with `reltol=1e-4` its offset read 1.4417 mV in the fast corner."""


def test_offset_and_power_of_a_proposal() -> None:
    problem = load_problem(CIRCUITS / "current_mirror_ota")
    with open_evaluator(problem, workers=1, cache=False) as evaluator:
        shown = evaluator.evaluate([SIZES])[0].values
    netlist = (
        "\n".join(line for line in sized_netlist(problem, SIZES).splitlines() if line.strip().lower() != ".end") + "\n"
    )
    for corner in problem.corners:
        deck = (
            library("current_mirror_ota", corner.process, False)
            + netlist
            + f"Xdut inp out out vdd 0 ib {problem.subckt}\n"
            f"Vvdd vdd 0 {corner.vdd}\nVinp inp 0 1.65\nIib vdd ib 5u\n.option temp={corner.temperature} reltol=1e-7\n"
        )
        # a sweep of one point, which is written as the sweeps of the other tests are
        [(_, out, supply)] = ngspice(deck, [("dc vinp 1.65 1.65 1", "v(out) i(vvdd)")])
        assert shown[corner.name]["input_offset"] == pytest.approx(abs(float(out[0]) - 1.65), rel=1e-3), corner.name
        assert shown[corner.name]["power"] == pytest.approx(-float(supply[0]) * corner.vdd, rel=1e-6), corner.name
