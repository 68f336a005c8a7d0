"""Mismatch: the law of its size, ngspice's own Monte Carlo as the oracle, and the same chips for the same seed."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from eda_agent.problem.pdk import cut_library, find_pdk
from eda_agent.problem.pdk.bins import Box
from eda_agent.problem.pdk.mismatch import deviation, statistics, symbols
from eda_agent.problem.pdk.process import process_sample
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.montecarlo import Yield, monte_carlo
from eda_agent.simulation.workbench import Workbench

ORACLE = """
import json, sys
from eda_agent.simulation.ngspice import Ngspice
ngspice = Ngspice()
lines = json.load(sys.stdin)
ngspice.load(lines)
values = []
for sample in range(240):
    ngspice.command(f"setseed {sample + 1}")
    ngspice.command("reset")
    ngspice.command("op")
    values.append(float(ngspice.vector("d1")[0] - ngspice.vector("d2")[0]))
    ngspice.command("destroy all")
print(json.dumps(values))
"""


EACH = """
import json, sys
from eda_agent.simulation.ngspice import Ngspice
ngspice = Ngspice()
values = []
for lines in json.load(sys.stdin):
    ngspice.load(lines)
    ngspice.command("op")
    values.append(float(ngspice.vector("d")[0]))
    ngspice.command("destroy all")
    ngspice.command("remcirc")
print(json.dumps(values))
"""


def test_the_spread_follows_area_and_units() -> None:
    spread = statistics({"vth0": "0.5+mc*AGAUSS(0,1.0,1)*(slope/sqrt(l*w*mult))"}, {}, {"mc": 1.0, "slope": 3e-3})
    assert list(symbols(spread)) == ["z0"]
    one = deviation(spread["vth0"], 2.0, 0.5, 1.0, {"z0": 1.0})
    assert one == pytest.approx(3e-3)
    assert deviation(spread["vth0"], 8.0, 0.5, 1.0, {"z0": 1.0}) == pytest.approx(one / 2)
    # four units vary independently: what they have in common varies half as much
    assert deviation(spread["vth0"], 2.0, 0.5, 4.0, {"z0": 1.0}) == pytest.approx(one / 2)
    assert deviation(spread["vth0"], 2.0, 0.5, 4.0, {"z0": -2.0}) == pytest.approx(-one)


def test_every_mosfet_of_both_pdks_varies(tmp_path: Path) -> None:
    chosen = {"sky130A": ("sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"), "gf180mcuD": ("nmos_3p3", "pmos_3p3")}
    for name, devices in chosen.items():
        pdk = find_pdk(name)
        boxes = dict.fromkeys(devices, ((1e-06, 5e-06), (5e-07, 1e-06)))
        cut = cut_library(pdk, "tt", boxes, tmp_path)
        assert cut.spreads
        for spread in cut.spreads.values():
            draws = dict.fromkeys(symbols(spread), 0.0)
            assert all(
                deviation(text, 2.0, 0.5, 1.0, draws) == pytest.approx(0.0, abs=1e-15) for text in spread.values()
            )


@pytest.mark.evidence
def test_two_diodes_spread_as_in_ngspices_own_monte_carlo(tmp_path: Path, pool: LocalPool) -> None:
    """A voltage difference of two diode-connected SKY130 devices: sd here against sd with the foundry's library and
    AGAUSS in ngspice.
    """
    netlist = "* pair\n.subckt pair d1 d2 vdd vss\n" + "".join(
        f"XM{k} d{k} d{k} vss vss sky130_fd_pr__nfet_01v8 w=2 l=0.5 ad=0.58 as=0.58 pd=4.58 ps=4.58\n" for k in (1, 2)
    )
    (tmp_path / "pair.spice").write_text(netlist + "R1 vdd vdd2 1\nR2 vdd2 vdd 1\n.ends\n")
    tail = "I1 0 d1 10u\nI2 0 d2 10u\n"
    (tmp_path / "tb.spice").write_text(
        f"* tb\nVdd vdd 0 1.8\nXdut d1 d2 vdd 0 pair\n{tail}E1 diff 0 d1 d2 1\nVsense diff 0 0\n.op\n".replace(
            "Vsense diff 0 0\n", "Rd diff 0 1k\n"
        )
    )
    (tmp_path / "spec.yaml").write_text(
        "circuit: pair.spice\nsubckt: pair\npdk: sky130A\nparameters: {R1: {min: 0.5, max: 2}}\n"
        "testbenches: {t: {deck: tb.spice, probes: {out: diff, supply: vdd}}}\n"
        "specs: {reference_voltage: {testbench: t, unit: V, minimum: 1m}}\n"
    )
    from eda_agent.problem.load import load_problem

    problem = load_problem(tmp_path / "spec.yaml")
    evaluator = Evaluator(problem, Workbench(problem, tmp_path / "models"), pool, NoCache())
    ours = [
        value
        for value in monte_carlo(evaluator, problem.space.initial, 240, seed=5).values["reference_voltage"]
        if value is not None
    ]
    assert len(ours) == 240
    library = problem.pdk.library()
    # `mult` must be declared for ngspice where an instance leaves it out; the library's own default is 1
    lines = [
        "* oracle",
        f".lib {library} tt",
        ".param mc_mm_switch=1",
        *netlist.splitlines()[1:],
        ".ends",
        "Xdut d1 d2 vdd 0 pair",
        "Vdd vdd 0 1.8",
        *tail.splitlines(),
        ".end",
    ]
    done = subprocess.run(
        [sys.executable, "-c", ORACLE], input=json.dumps(lines), capture_output=True, text=True, check=True, timeout=250
    )
    oracle = json.loads(done.stdout[done.stdout.index("[") :])
    ratio = float(np.std(ours) / np.std(oracle))
    # the quotient of two standard deviations of 240 samples has a standard error of 6.5 %
    assert 0.8 < ratio < 1.25
    assert abs(np.mean(ours)) < 4 * np.std(ours) / math.sqrt(240)


def test_process_spreads_as_in_ngspices_own_monte_carlo(tmp_path: Path) -> None:
    """The voltage of a diode-connected GF180 device over chips: sd here against sd with the foundry's statistical
    section in ngspice.
    """
    pdk = find_pdk("gf180mcuD")
    size: Box = ((4e-6, 4e-6), (1e-6, 1e-6))
    device = "XM1 d d 0 0 nmos_3p3 w=4u l=1u ad=1.76p as=1.76p pd=8.88u ps=8.88u"
    decks = []
    for sample in range(80):
        chip = process_sample(pdk, {"nmos_3p3": size}, 7, sample, tmp_path)
        decks.append(
            ["* chip", *chip.models.read_text().splitlines(), *chip.devices.splitlines(), device, "I1 0 d 20u", ".end"]
        )
    library = pdk.library()
    switches = [f".include {library.parent / name}" for name in pdk.include]
    lines = [
        "* oracle",
        *switches,
        ".param sw_stat_global=1 sw_stat_mismatch=0",
        f".lib {library} statistical",
        device,
        "I1 0 d 20u",
        ".end",
    ]
    found = []
    for code, data in (
        (EACH, decks),
        (
            ORACLE.replace("range(240)", "range(80)").replace(' - ngspice.vector("d2")[0]', "").replace('"d1"', '"d"'),
            lines,
        ),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=json.dumps(data),
            capture_output=True,
            text=True,
            check=True,
            timeout=280,
        )
        found.append(np.asarray(json.loads(done.stdout[done.stdout.index("[") :])))
    # the quotient of two standard deviations of 80 samples has a standard error of 11 %
    assert 0.65 < found[0].std() / found[1].std() < 1.5
    assert abs(found[0].mean() - found[1].mean()) < 4 * found[1].std() * math.sqrt(2 / 80)
    # and one chip is one chip
    again = process_sample(pdk, {"nmos_3p3": size}, 7, 3, tmp_path / "again")
    assert again.digest == process_sample(pdk, {"nmos_3p3": size}, 7, 3, tmp_path).digest


def test_the_same_seed_is_the_same_chips_in_any_order(
    problems: dict[str, Problem], own_cache: Path, pool: LocalPool
) -> None:
    problem = replace(problems["ota_5t"], corners=problems["ota_5t"].corners[:1])
    bench = Workbench(problem, own_cache / "models")
    evaluator = Evaluator(problem, bench, pool, NoCache())
    many = monte_carlo(evaluator, problem.space.initial, 12, seed=3)
    few = monte_carlo(evaluator, problem.space.initial, 5, seed=3)
    other = monte_carlo(evaluator, problem.space.initial, 5, seed=4)
    assert list(many.values["input_offset"][:5]) == list(few.values["input_offset"])
    assert list(few.values["input_offset"]) != list(other.values["input_offset"])
    # a larger pair is better matched
    large = problem.space.snap({**problem.space.initial, "W12": 80e-6, "L12": 2e-6, "W34": 40e-6, "L34": 4e-6})
    spread = monte_carlo(evaluator, large, 30, seed=3).spread("input_offset")[1]
    assert spread < 0.5 * monte_carlo(evaluator, problem.space.initial, 30, seed=3).spread("input_offset")[1]
    # and the nominal device is what it was before
    nominal = evaluator.evaluate([problem.space.initial])[0].values["nominal"]["input_offset"]
    assert nominal == evaluator.evaluate([problem.space.initial])[0].values["nominal"]["input_offset"]


@pytest.mark.parametrize(("passed", "samples"), [(0, 10), (10, 10), (97, 100), (1, 3)])
def test_the_interval_is_clopper_and_pearsons(passed: int, samples: int) -> None:
    expected = binomtest(passed, samples).proportion_ci(0.95, "exact")
    assert Yield(passed, samples).interval == pytest.approx((expected.low, expected.high), abs=1e-9)
