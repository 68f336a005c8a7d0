"""IHP SG13G2: a bare netlist goes through init and measures what plain ngspice measures with the foundry's files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from eda_agent.problem.load import load_problem
from eda_agent.record.export import sized_netlist
from eda_agent.run import measure_once
from eda_agent.simulation.cache import NoCache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.montecarlo import monte_carlo
from eda_agent.simulation.workbench import Workbench

from .test_what_designers_bring import drafted

try:
    from ..simulation.test_cut_ihp import LOAD, PROGRAM, foundry
except pytest.skip.Exception as missing:
    pytest.skip(str(missing), allow_module_level=True)

OTA = """* two-stage OTA
.lib cornerMOSlv.lib mos_tt
.subckt ota inp inn out ib vdd vss
XM1 n1 inn tail vss sg13_lv_nmos w=4u l=0.5u ng=1 m=1
XM2 n2 inp tail vss sg13_lv_nmos w=4u l=0.5u ng=1 m=1
XM3 n1 n1 vdd vdd sg13_lv_pmos w=2u l=0.5u ng=1 m=1
XM4 n2 n1 vdd vdd sg13_lv_pmos w=2u l=0.5u ng=1 m=1
XM5 tail ib vss vss sg13_lv_nmos w=4u l=0.5u ng=1 m=1
XM6 out n2 vdd vdd sg13_lv_pmos w=8u l=0.5u ng=2 m=2
XM7 out ib vss vss sg13_lv_nmos w=4u l=0.5u ng=1 m=4
XM8 ib ib vss vss sg13_lv_nmos w=4u l=0.5u ng=1 m=1
XR1 n2 nz vss rhigh w=0.5u l=1.5u
XC1 nz out cap_cmim w=20u l=20u
.ends
"""


def plain(folder: Path, process: str, temperature: float, netlist: str = OTA) -> tuple[float, float]:
    """(power, gain in dB at 1 kHz) in plain ngspice, with the input at half the supply and the loop closed at DC."""
    cards = [
        "Vdd vdd 0 1.2",
        "Vcm inp 0 dc 0.6 ac 1",
        "Ib vdd ib 5u",
        "Lfb out inn 1g",
        "Cfb inn 0 1k",
        "Cl out 0 1p",
        "Xdut inp inn out ib vdd 0 ota",
    ]
    deck = [
        "* plain",
        *foundry(process),
        netlist[netlist.index(".subckt") :],
        *cards,
        f".option temp={temperature} reltol=1e-6",
    ]
    deck += [".control", *LOAD, "op", "print i(vdd)", "ac lin 1 1k 1k", "print vdb(out)", ".endc", ".end", ""]
    (folder / "plain.cir").write_text("\n".join(deck))
    done = subprocess.run(
        [PROGRAM, "-b", "plain.cir"], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    found = re.findall(r"^(?:i\(vdd\)|vdb\(out\)) = (\S+)", done.stdout, re.MULTILINE)
    assert len(found) == 2, done.stdout[-1500:] + done.stderr[-1500:]
    return -1.2 * float(found[0]), float(found[1])


@pytest.mark.parametrize(("process", "temperature"), [("tt", 27.0), ("ss_hh", 125.0), ("ff_ll", -40.0)])
def test_an_ota_measures_as_in_plain_ngspice(process: str, temperature: float, tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, OTA)
    assert (draft.kind.name, problem.pdk.name, problem.corners[0].vdd) == ("op-amp", "ihp-sg13g2", 1.2)
    sizes = {parameter.name: parameter for parameter in problem.space.parameters}
    assert {"XM1.w", "XM6.l", "XR1.l", "XC1.w", "XM7.m"} <= sizes.keys()
    assert sizes["XM1.w"].minimum == pytest.approx(0.15e-6) and sizes["XR1.l"].minimum == pytest.approx(0.96e-6)
    spec = tmp_path / "spec.yaml"
    text = re.sub(r"(?m)^layout:.*\n", "", spec.read_text())
    corner = f"process: {process}, vdd: 1.2, temperature: {temperature:g}"
    spec.write_text(text.replace("process: tt, vdd: 1.2, temperature: 27", corner))
    values = measure_once(load_problem(spec))
    power, gain = plain(tmp_path, process, temperature)
    assert values["power"] == pytest.approx(power, rel=1e-4)
    assert values["dc_gain"] == pytest.approx(gain, abs=0.05)


def test_fingers_of_a_drawing_are_those_of_the_foundrys_subcircuit(tmp_path: Path) -> None:
    """Its parameter is `ng`: with `nf`, a folded device would be simulated as one finger. Plain ngspice is the judge,
    on the netlist as it is exported.
    """
    _, problem = drafted(tmp_path, re.sub(r"ng=1 (?=m=1)", "", OTA))
    spec = tmp_path / "spec.yaml"
    spec.write_text(re.sub(r"(?m)^layout:.*\n", "", spec.read_text()) + "layout: {fold: 1.5u, table: ihp-sg13g2}\n")
    problem = load_problem(spec)
    text = sized_netlist(problem, problem.space.initial)
    lines = {line.split()[0]: line for line in text.splitlines() if line.startswith("XM")}
    assert "ng=4" in lines["XM1"] and "ng=2" in lines["XM3"] and "nf=" not in text
    values = measure_once(problem)
    power, gain = plain(tmp_path, "tt", 27.0, text)
    assert values["power"] == pytest.approx(power, rel=1e-4) and values["dc_gain"] == pytest.approx(gain, abs=0.05)
    # as one finger each, the same circuit measures otherwise
    unfolded = plain(tmp_path, "tt", 27.0, re.sub(r"ng=\d+", "ng=1", text))
    assert abs(unfolded[0] / power - 1) > 1e-3


def test_operating_points_and_both_kinds_of_monte_carlo(tmp_path: Path) -> None:
    _, problem = drafted(tmp_path, OTA)
    with LocalPool(1) as pool:
        evaluator = Evaluator(problem, Workbench(problem, tmp_path / "models"), pool, NoCache())
        found = evaluator.evaluate([problem.space.initial])[0]
        assert pool.preparations and all(one.flat for one in pool.preparations.values())
        points = found.operating_points
        assert len(points) == 8 and points["xm1"].gm_id == pytest.approx(23.7, abs=2) and points["xm6"].id > 1e-5
        assert 0.05 < points["xm3"].vdsat < 0.3 and points["xm3"].region == "saturation"
        local = monte_carlo(evaluator, problem.space.initial, 8, process=False)
        both = monte_carlo(evaluator, problem.space.initial, 8, process=True)
    for result in (local, both):
        mean, deviation = result.spread("power")
        assert mean == pytest.approx(found.values["nominal"]["power"], rel=0.1) and deviation > 0.005 * mean
    # resistors and capacitors of a chip vary together, which mismatch of 20 x 20 um does not show
    assert both.spread("gbw")[1] > local.spread("gbw")[1]


def test_emitters_are_counted(tmp_path: Path) -> None:
    """A common-emitter stage: the number of emitters is a size of 1 to 10."""
    stage = "* stage\n.subckt stage in out vdd vss\nXQ1 out in vss vss npn13G2 Nx=2\nXR1 vdd out vss rppd w=1u l=40u\n.ends\n"
    (tmp_path / "stage.spice").write_text(stage)
    command = [sys.executable, "-m", "eda_agent", "init", "stage.spice", "--pdk", "ihp-sg13g2", "--out", "made"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    problem = load_problem(tmp_path / "made" / "spec.yaml")
    sizes = {parameter.name.lower(): parameter for parameter in problem.space.parameters}
    assert (sizes["xq1.nx"].minimum, sizes["xq1.nx"].maximum, sizes["xq1.nx"].initial) == (1, 10, 2)
    assert sizes["xr1.w"].minimum == pytest.approx(0.5e-6)
