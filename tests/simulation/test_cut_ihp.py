"""Every device of IHP SG13G2: the cut equals the foundry's own files in plain ngspice. Needs the package
ihp-gdsfactory, its compiled Verilog-A models, and an ngspice that loads them.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from eda_agent.errors import EdaAgentError
from eda_agent.problem.pdk import cut_library, find_pdk
from eda_agent.problem.pdk.bins import ANY
from eda_agent.problem.pdk.verilog import compiled_models
from eda_agent.simulation.ngspice import find_program
from tests.evidence import cases

from .plain_ngspice import currents

PDK = find_pdk("ihp-sg13g2")
PROGRAM = str(find_program(compiled=True) or "")
if not PROGRAM:
    pytest.skip("there is no ngspice that loads compiled models", allow_module_level=True)
try:
    MODELS = compiled_models(PDK, PDK.devices, Path("/nowhere"))
except (EdaAgentError, OSError) as error:
    pytest.skip(f"IHP's models cannot be simulated here: {error}", allow_module_level=True)

FOUNDRY = PDK.library().parent
LOAD = [f"pre_osdi {file}" for file in MODELS]


def foundry(process: str, suffix: str = "") -> list[str]:
    """The foundry's own libraries, uncut."""
    lines = []
    for section in PDK.corners[process]:
        file, _, name = section.rpartition(" ")
        lines.append(f".lib {FOUNDRY / (file or PDK.library().name)} {name}{suffix}")
    return lines


def devices() -> list[str]:
    """Every device at several sizes, each at a source of its own."""
    cards = []
    for name, rule in PDK.devices.items():
        sizes = itertools.product((rule.width[0], rule.width[0] * 7), (rule.length[0], rule.length[0] * 9))
        for index, (width, length) in enumerate(sizes if rule.names and rule.width[1] < 0.5 else [(0.0, 0.0)]):
            at, size = f"{name}_{index}", f"w={width:.6g} l={length:.6g}"
            nodes = " 0" * (rule.terminals - 1)
            if rule.is_fet:
                sign, high = ("" if rule.type == "nmos" else "-"), rule.supply or 1.2
                # an even and an odd number of fingers, and junctions as a layout gives them
                more = ("", "ng=2 m=3", "ng=3", "as=1p ad=2p ps=5u pd=6u")[index]
                cards += [f"vd{at} d{at} 0 {sign}{high}", f"vg{at} g{at} 0 {sign}{high * 0.6}"]
                cards += [f"x{at} d{at} g{at} 0 0 {name} {size} {more}"]
            elif rule.type == "resistor":
                cards += [f"v{at} r{at} 0 0.7", f"x{at} r{at}{nodes} {name} {size} b={index} m={index + 1}"]
            elif rule.type == "capacitor":
                cards += [f"v{at} c{at} 0 0.3 ac 1", f"x{at} c{at}{nodes} {name} {size}"]
            elif rule.type == "diode":
                cards += [f"v{at} a{at} 0 0.7", f"x{at} a{at}{nodes} {name} {size}"]
            else:
                sign = "" if rule.type == "npn" else "-"
                cards += [f"vc{at} c{at} 0 {sign}1", f"vb{at} b{at} 0 {sign}0.75"]
                more = "" if rule.terminals < 5 else f" t{at}"
                cards += [
                    f"x{at} c{at} b{at} 0{' 0' if rule.terminals > 3 else ''}{more} {name} {'Nx=3' if sign == '' else ''}"
                ]
    return cards


@pytest.mark.parametrize(
    ("process", "temperature"),
    cases(
        [("tt", 27.0), ("ss", 125.0), ("ff", -40.0), ("sf", 27.0), ("fs", 27.0), ("tt_hh", 27.0), ("tt_ll", 85.0)],
        "tt",
        "ss",
        "tt_hh",
    ),
)
def test_every_device_of_ihp_cut_equals_uncut(process: str, temperature: float, tmp_path: Path) -> None:
    cut = cut_library(PDK, process, dict.fromkeys(PDK.devices, (ANY, ANY)), tmp_path / "cuts")
    cards = devices()
    whole = currents(tmp_path, foundry(process), cards, temperature, program=PROGRAM, before=LOAD)
    ours = currents(
        tmp_path,
        [f".include {cut.models}", *cut.devices.splitlines()],
        cards,
        temperature,
        program=PROGRAM,
        before=LOAD,
    )
    assert len(whole) > 60
    assert ours == {name: pytest.approx(value, rel=1e-6, abs=1e-15) for name, value in whole.items()}
    if process == "tt":
        # by hand: 0.5 x 4.5 um of 260 Ohm/sq with the foundry's end resistance of 35 Ohm um
        assert 0.7 / abs(ours["vrppd_1"]) == pytest.approx((260 * 2 * 4.5 / 0.506 + 70 / 0.5) / 2, rel=0.2)
