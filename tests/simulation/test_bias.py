"""Operating points as specs, against plain `ngspice -b` on the sized netlist and the foundry's uncut library, and
against hand-made numbers.
"""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.problem.bias import BIAS_METRICS
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Corner, Problem, Spec
from eda_agent.record.export import sized_netlist
from eda_agent.simulation.bias import MEASURES, worst_device
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.montecarlo import monte_carlo
from eda_agent.simulation.workbench import Workbench

from ..conftest import CIRCUITS

PTM = """.subckt ota inp inn out vdd vss ib
M1 n1 inp tail vss nmos w=2u l=0.2u
M2 out inn tail vss nmos w=2u l=0.2u
M3 n1 n1 vdd vdd pmos w=2u l=0.2u
M4 out n1 vdd vdd pmos w=2u l=0.2u
M5 tail ib vss vss nmos w=1u l=0.4u m=2
M6 ib ib vss vss nmos w=1u l=0.4u
.ends
"""
PTM_SPEC = """
circuit: c.spice
subckt: ota
pdk: ptm45
parameters: {M5.m: {min: 1, max: 8}}
bias: {ib: {current: 5u}}
testbenches: {loop: {template: opamp_open_loop}}
specs: {dc_gain: {unit: dB, minimum: 20}}
corners: {nominal: {process: tt, vdd: 1.0, temperature: 27}, hot: {process: tt, vdd: 0.9, temperature: 125}}
"""
INNER = {"sky130A": ".msky130_fd_pr__{}fet_01v8", "gf180mcuD": ".m0", "ptm45": ""}


def asked(problem: Problem, metric: str, bound: str, *devices: str, corners: tuple[str, ...] = ()) -> Spec:
    """A spec on devices; `bound` is minimum or maximum."""
    sides = {"minimum": None, "maximum": None, bound: 0.0}
    return Spec(
        f"{metric} {bound}",
        BIAS_METRICS[metric],
        next(iter(problem.testbenches)),
        **sides,
        corners=corners,
        devices=devices,
    )


def plain(
    problem: Problem, corner: Corner, sizing: Mapping[str, float], tail: str, folder: Path
) -> dict[str, dict[str, float]]:
    """Device → parameter → number, as `ngspice -b` prints it for the exported netlist in the testbench."""
    pdk = problem.pdk
    library = pdk.library()
    if pdk.name == "ptm45":
        models = f'.include "{pdk.library()}"\n'
    else:
        models = "".join(f'.include "{pdk.library().parent / name}"\n' for name in pdk.include)
        models += "".join(f".param {name}={value}\n" for name, value in pdk.params.items())
        models += "".join(f'.lib "{library}" {section}\n' for section in pdk.corners[corner.process])
    netlist = re.sub(r"(?im)^\.end\s*$", "", sized_netlist(problem, sizing))
    kinds = {"nmos": "n", "pmos": "p"}
    path, wanted, instances = folder / f"{corner.name}.spice", {}, {}
    evaluator = Workbench(problem, folder / "models")
    for device in evaluator.elaboration.devices(problem.space.edits(sizing)):
        if device.kind == "m":
            rule = pdk.device(device.library or device.model)
            assert rule is not None
            inner = INNER[pdk.name].format(kinds[rule.type])
            wanted[device.label] = f"m.xdut.{device.label}{inner}"
            # GF180's m is written as so many equal instances, of which the first is read
            instances[device.label] = device.values["m"] if pdk.name == "gf180mcuD" else 1.0
    asked = ["id", "gm", "vth", "vdsat", "vgs", "vds", "vbs", "w", "m"]
    prints = "".join(
        f"echo @@ {label}\n" + "".join(f"print @{name}[{one}]\n" for one in asked) for label, name in wanted.items()
    )
    ports = " ".join(problem.netlist.subcircuits[problem.subckt].ports)
    nets = " ".join(problem.testbenches[next(iter(problem.testbenches))].nets[port] for port in ports.split())
    path.write_text(
        f"* plain\n{models}{netlist}\nXdut {nets} {problem.subckt}\n{tail}.control\nset"
        f" numdgt=12\nop\n{prints}.endc\n.end\n"
    )
    out = subprocess.run(
        ["ngspice", "-b", str(path)], capture_output=True, text=True, check=False, timeout=120, cwd=folder
    ).stdout
    found: dict[str, dict[str, float]] = {}
    label = ""
    for line in out.splitlines():
        if line.startswith("@@ "):
            label = line[3:].strip()
        elif match := re.match(r"@\S+\[(\w+)\] = (\S+)", line):
            times = instances[label] if match[1] in {"id", "gm", "m"} else 1.0
            found.setdefault(label, {})[match[1]] = float(match[2]) * times
    return found


@pytest.mark.parametrize("name", ["two_stage_miller", "telescopic", "ptm"])
def test_every_number_is_that_of_plain_ngspice(name: str, tmp_path: Path, pool: LocalPool) -> None:
    """Every metric of every device, in two corners, at sizes that the netlist does not have."""
    if name == "ptm":
        (tmp_path / "c.spice").write_text(PTM)
        (tmp_path / "spec.yaml").write_text(PTM_SPEC)
    problem = load_problem(tmp_path if name == "ptm" else CIRCUITS / name)
    problem = replace(problem, corners=problem.corners[-2:])
    bench = next(iter(problem.testbenches.values()))
    workbench = Workbench(problem, tmp_path / "models")
    labels = [label for _, _, label in workbench.mosfets]
    specs = tuple(
        replace(asked(problem, metric, "minimum", label), name=f"{metric} {label}")
        for metric in BIAS_METRICS
        for label in labels
    )
    problem = replace(problem, specs=specs, testbenches={bench.name: bench})
    sizing = problem.space.snap(
        {one.name: one.initial * (3 if one.name in {"m5", "mt", "M5.m"} else 1.1) for one in problem.space.parameters}
    )
    workbench = Workbench(problem, tmp_path / "models")
    evaluation = Evaluator(problem, workbench, pool, NoCache()).evaluate([sizing])[0]
    assert not evaluation.failures
    for corner in problem.corners:
        deck = next(deck for deck in workbench.decks if deck.corner == corner.name)
        numbers = plain(problem, corner, sizing, deck.tail, tmp_path)
        assert set(numbers) == set(labels)
        for label, of in numbers.items():
            expected = {
                "saturation_margin": abs(of["vds"]) - of["vdsat"],
                "overdrive": of["vgs"] - of["vth"],
                "gm_id": of["gm"] / of["id"],
                "current_density": of["id"] / (of["w"] * of["m"]),
                "drain_current": of["id"],
                "vds": abs(of["vds"]),
                "vgs": abs(of["vgs"]),
                "vgd": abs(of["vgs"] - of["vds"]),
                "vbs": abs(of["vbs"]),
                "vbd": abs(of["vbs"] - of["vds"]),
            }
            for metric, value in expected.items():
                # ngspice stops iterating within its reltol of 1e-3, and starts elsewhere here
                got, close = (
                    evaluation.values[corner.name][f"{metric} {label}"],
                    2e-4 if BIAS_METRICS[metric].unit == "V" else 0.0,
                )
                assert got == pytest.approx(value, rel=1e-3, abs=close), (corner.name, metric, label)


def test_the_worst_device_counts_and_is_named(miller: Problem, tmp_path: Path, pool: LocalPool) -> None:
    """In each corner, as the operating points say; a spec that counts in one corner has no value in the others."""
    specs = (
        asked(miller, "saturation_margin", "minimum", "xm1", "xm5", "xm6"),
        asked(miller, "gm_id", "maximum", "xm1", "xm5", corners=("slow",)),
    )
    problem = replace(miller, specs=specs)
    evaluation = Evaluator(problem, Workbench(problem, tmp_path), pool, NoCache(), keep_points=True).evaluate(
        [problem.space.initial]
    )[0]
    assert list(evaluation.corner_points) == ["nominal", "slow", "fast"]
    for corner, points in evaluation.corner_points.items():
        margins = {name: points[name].margin for name in specs[0].devices}
        worst = min(margins, key=margins.__getitem__)
        assert (
            evaluation.values[corner][specs[0].name] == margins[worst]
            and evaluation.reasons[corner, specs[0].name] == worst
        )
    assert [corner for corner, row in evaluation.values.items() if specs[1].name in row] == ["slow"]
    ratios = {name: evaluation.corner_points["slow"][name].gm_id for name in specs[1].devices}
    assert evaluation.values["slow"][specs[1].name] == max(ratios.values())


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3), st.floats(-1, 1), st.floats(0, 2))
def test_a_device_reads_the_same_with_its_ends_exchanged(
    drain: float, gate: float, bulk: float, vth: float, vdsat: float
) -> None:
    """A MOSFET is symmetric: which end the netlist calls the drain changes no number that does not name an end."""

    def seen(drain: float, source: float) -> dict[str, float]:
        return {
            "id": 1e-6,
            "gm": 1e-5,
            "vth": vth,
            "vdsat": vdsat,
            "vds": drain - source,
            "vgs": gate - source,
            "vbs": bulk - source,
            "w": 1e-6,
        }

    one, other = seen(drain, 0.0), seen(0.0, drain)
    for metric in ("saturation_margin", "overdrive", "gm_id", "current_density", "vds"):
        assert MEASURES[metric](one) == pytest.approx(MEASURES[metric](other), abs=1e-9)
    for metric, exchanged in (("vgs", "vgd"), ("vbs", "vbd")):
        assert MEASURES[metric](one) == pytest.approx(MEASURES[exchanged](other), abs=1e-9)


def test_a_device_that_is_off_or_says_too_little_has_no_value(miller: Problem) -> None:
    off = {"id": 1e-12, "gm": 1e-12, "vth": 0.5, "vdsat": 0.04, "vgs": 0.1, "vds": 1.0, "vbs": 0.0}
    level1 = {**off, "id": 1e-6, "vth": math.nan}
    points = {"a": off, "b": level1}
    assert worst_device(asked(miller, "saturation_margin", "minimum", "b", "a"), points, {}) == (None, "a is off")
    assert worst_device(asked(miller, "drain_current", "maximum", "a"), points, {}) == (1e-12, "a")
    assert worst_device(asked(miller, "overdrive", "minimum", "b"), points, {})[1].startswith("b has no overdrive")
    assert worst_device(asked(miller, "vds", "maximum", "c"), points, {}) == (None, "c has no operating point")


def test_monte_carlo_reads_them_on_every_chip(miller: Problem, tmp_path: Path, pool: LocalPool) -> None:
    spec = asked(miller, "saturation_margin", "minimum", "xm5")
    problem = replace(miller, specs=(spec,), corners=miller.corners[:1])
    evaluator = Evaluator(problem, Workbench(problem, tmp_path), pool, NoCache())
    chips = [
        value for value in monte_carlo(evaluator, problem.space.initial, 12, 1).values[spec.name] if value is not None
    ]
    nominal = evaluator.evaluate([problem.space.initial])[0].values["nominal"][spec.name]
    assert len(chips) == 12 and len(set(chips)) == 12 and nominal is not None
    # millivolts of mismatch around the nominal margin of 60 mV
    assert sum(chips) / 12 == pytest.approx(nominal, abs=0.01) and max(chips) - min(chips) > 1e-3
