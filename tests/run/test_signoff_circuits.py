"""Three circuits with every kind of foundry device, as sized in `signoff_rc`: a SKY130 bandgap, a GF180 regulator of
6 V devices, an IHP two-stage OTA. Each goes through init, size, its hardest corners of resistors and capacitors, and
Monte Carlo. A number of the sized netlist is compared with plain ngspice and the foundry's own files.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ..simulation import test_cut_sky130
from ..simulation.plain_ngspice import GF, currents, uncut

FIXTURES = Path(__file__).parent.parent / "fixtures" / "signoff"


def run(folder: Path, *words: str) -> str:
    """What the command prints."""
    command = [sys.executable, "-m", "eda_agent", *words]
    wide = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run(command, cwd=folder, env=wide, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


def value(text: str, spec: str) -> float:
    """The nominal value of a spec in a table, in SI units."""
    found = re.search(rf"^{spec} .*?[≥≤] [\d.]+ \S+\s+([\d.]+) (\w+)", text, re.MULTILINE)
    assert found, text
    prefix = {"n": 1e-9, "u": 1e-6, "m": 1e-3}.get(found[2][0], 1.0) if len(found[2]) > 1 else 1.0
    return float(found[1]) * prefix


def sized(folder: Path, name: str, kind: str, parameters: set[str]) -> str:
    """Draft the netlist anew, then size it by its own spec; returns the table of the result."""
    for ending in ("spice", "yaml"):
        (folder / f"{name}.{ending}").write_text((FIXTURES / f"{name}.{ending}").read_text())
    pdk = re.search(r"^pdk: (\S+)", (folder / f"{name}.yaml").read_text(), re.MULTILINE)
    assert pdk
    said = run(folder, "init", f"{name}.spice", "--pdk", pdk[1], "--out", "drafted")
    draft = (folder / "drafted" / "spec.yaml").read_text()
    assert said.startswith(f"{name}: {kind}, {pdk[1]}")
    assert parameters <= {found.lower() for found in re.findall(r"^  (X\w+\.\w+): \{min", draft, re.MULTILINE)}
    shown = run(folder, "size", f"{name}.yaml", "--budget", "3", "--workers", "1", "--out", "run")
    assert re.search(r"re-simulated in \d corners: met", shown), shown
    assert "every spec met in every corner" in shown
    drawn = run(folder, "mc", "run", "--samples", "3", "--workers", "1")
    spreads = re.findall(r"^(\w+) .*?[≥≤].*$", drawn, re.MULTILINE)
    assert len(spreads) >= 3 and re.search(r"\d of 3 samples meet every spec", drawn)
    return shown


def text_of(folder: Path) -> list[str]:
    """The sized netlist, without its title."""
    return (folder / "run" / "sized.spice").read_text().splitlines()[1:]


@pytest.mark.evidence
@pytest.mark.skipif(
    "combined_models" not in {one.name for one in test_cut_sky130.FOUNDRY.iterdir()}, reason="sky130 is not installed"
)
def test_a_bandgap_with_bipolars_and_poly_resistors(tmp_path: Path) -> None:
    from ..problem.test_foundry_devices import plain

    shown = sized(tmp_path, "bandgap", "reference", {"xr1.l", "xq2.m", "xm1.w"})
    extra = []
    for name in ("nfet_01v8_lvt", "pfet_01v8_lvt"):
        folder = test_cut_sky130.FOUNDRY / "cells" / name
        extra += [f".include {test_cut_sky130.fet_file(test_cut_sky130.PREFIX + name, 'tt')}"]
        extra += [f".include {folder / test_cut_sky130.PREFIX}{name}__mismatch.corner.spice"]
    netlist = (tmp_path / "run" / "sized.spice").read_text()
    theirs = plain(tmp_path, netlist, [*extra, "Vdd vdd 0 1.8", "Xdut vref vdd 0 bandgap"], "tt", "i(vdd)")
    assert value(shown, "power") == pytest.approx(-1.8 * theirs, rel=2e-3)


@pytest.mark.evidence
def test_a_regulator_of_6_v_devices(tmp_path: Path) -> None:
    shown = sized(tmp_path, "ldo", "regulator", {"xmp.w", "xrc.r_length", "xcc.c_width", "xm1.l"})
    head = uncut(GF, "tt")
    netlist = text_of(tmp_path)
    # the package's release has older names
    for new, old in (("nfet_06v0", "nmos_6p0"), ("pfet_06v0", "pmos_6p0"), ("cap_mim_2f0_m4m5_noshield", "mim_2p0fF")):
        netlist = [line.replace(new, old) for line in netlist]
    cards = ["vin vin 0 5", "vref vref 0 1.2", "ib vin ib 5u", "rt vout fb 350k", "rb fb 0 200k", "il vout 0 5m"]
    found = currents(tmp_path, head, [*netlist, *cards, "xdut vref fb vout ib vin 0 ldo"])
    # the divider's current is the regulator's
    assert value(shown, "quiescent_current") == pytest.approx(-found["vin"] - 5e-3, rel=5e-3)


@pytest.mark.evidence
def test_an_ihp_two_stage_ota(tmp_path: Path) -> None:
    try:
        from ..simulation.test_cut_ihp import LOAD, PROGRAM, foundry
    except pytest.skip.Exception as missing:
        pytest.skip(str(missing))
    shown = sized(tmp_path, "ota", "op-amp", {"xm1.w", "xr1.l", "xc1.w", "xm7.m"})
    cards = ["vdd vdd 0 1.2", "vcm inp 0 0.6", "ib vdd ib 5u", "rfb out inn 1", "xdut inp inn out ib vdd 0 ota"]
    found = currents(tmp_path, foundry("tt"), [*text_of(tmp_path), *cards], program=PROGRAM, before=LOAD)
    assert value(shown, "power") == pytest.approx(-1.2 * found["vdd"], rel=5e-3)
