"""Cut equals uncut for every device that the shipped libraries have, also those not offered yet; and no global hides a
subcircuit's own. Plain ngspice.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem import expression
from eda_agent.problem.load import load_problem
from eda_agent.problem.pdk import cut_library, find_pdk
from eda_agent.problem.pdk.bins import Box
from eda_agent.problem.pdk.library import Library, pairs, read_library
from eda_agent.problem.pdk.registry import Pdk
from eda_agent.problem.pdk.writer import Writer, constants_of
from eda_agent.run import measure_once
from eda_agent.simulation.workbench import Workbench
from tests.evidence import cases

from .plain_ngspice import GF, currents, uncut

ALL: Box = ((0.0, 1.0), (0.0, 1.0))
FETS = {
    "nmos_6p0": ("2", "5", ["0.7u", "1.5u"]),
    "pmos_6p0": ("-2", "-5", ["0.55u", "1.5u"]),
    "nmos_6p0_nat": ("1", "3.3", ["1.8u", "5u"]),
}
RESISTORS = [
    "nplus_u",
    "pplus_u",
    "nplus_s",
    "pplus_s",
    "nwell",
    "npolyf_s",
    "ppolyf_s",
    "npolyf_u",
    "ppolyf_u",
    "ppolyf_u_1k",
    "ppolyf_u_2k",
    "ppolyf_u_1k_6p0",
    "ppolyf_u_2k_6p0",
    "ppolyf_u_3k",
]
METALS = ["rm1", "rm2", "rm3", "tm6k", "tm9k", "tm11k", "tm30k"]
CAPACITORS = [
    "mim_1p5fF",
    "mim_1p0fF",
    "mim_2p0fF",
    *(f"{kind}moscap_{volts}{b}" for kind in "np" for volts in ("3p3", "6p0") for b in ("", "_b")),
]
BIPOLARS = [
    *(f"vpnp_{size}" for size in ("0p42x10", "0p42x5", "10x10", "5x5")),
    *(f"vnpn_{size}" for size in ("10x10", "5x5", "0p54x16", "0p54x8", "0p54x4", "0p54x2")),
]


def devices() -> list[str]:
    cards = []
    for name, (gate, drain, lengths) in FETS.items():
        for index, (width, length) in enumerate(itertools.product(["1u", "20u"], lengths)):
            at = f"{name}{index}"
            cards += [
                f"vd{at} d{at} 0 {drain}",
                f"vg{at} g{at} 0 {gate}",
                f"x{at} d{at} g{at} 0 0 {name} w={width} l={length}",
            ]
    for name in RESISTORS + METALS:
        for index, (width, length) in enumerate([("1u", "10u"), ("2u", "50u")]):
            at = f"{name}{index}"
            cards += [
                f"v{at} r{at} 0 1",
                f"x{at} r{at} 0 {'' if name in METALS else '0 '}{name} r_width={width} r_length={length}",
            ]
    for name in CAPACITORS:
        for index, (width, length) in enumerate([("5u", "5u"), ("10u", "30u")]):
            at = f"{name.lower()}{index}"
            cards += [f"v{at} c{at} 0 0.7 ac 1", f"x{at} c{at} 0 {name.lower()} c_width={width} c_length={length}"]
    for name in BIPOLARS:
        nodes = f"0 0 e{name}" if name.startswith("vpnp") else f"c{name} e{name} 0 0"
        cards += [f"v{name} e{name} 0 0.7", f"x{name} {nodes} {name}"] + (
            [f"vc{name} c{name} 0 1"] if name.startswith("vnpn") else []
        )
    return cards


@pytest.mark.parametrize(("process", "temperature"), cases([("tt", 27.0), ("ss", 125.0), ("ff", -40.0)], "ss"))
def test_every_device_of_gf180_cut_equals_uncut(process: str, temperature: float, tmp_path: Path) -> None:
    names = [name.lower() for name in (*FETS, *RESISTORS, *METALS, *CAPACITORS, *BIPOLARS)]
    cut = cut_library(GF, process, dict.fromkeys(names, ALL), tmp_path / "cuts")
    cards = devices()
    whole = currents(tmp_path, uncut(GF, process), cards, temperature)
    ours = currents(tmp_path, [f".include {cut.models}", *cut.devices.splitlines()], cards, temperature)
    library = read_library(GF.library(), GF.corners[process])
    mended = {
        name for name in RESISTORS if any(re.search(r"\bl\s*=.*\br\s*=", card) for card in library.blocks[name].devices)
    }
    assert mended == {name for name in RESISTORS if "poly" in name}
    for name, value in whole.items():
        if name[1:-1] not in mended:
            assert ours[name] == pytest.approx(value, rel=1e-5, abs=1e-14), name
    # ngspice takes l= for the resistance of these: the foundry's formula is the truth
    for name, (index, (width, length)) in itertools.product(sorted(mended), enumerate([(1e-6, 10e-6), (2e-6, 50e-6)])):
        truth = resistance(library, name, width, length, temperature)
        assert 1 / -ours[f"v{name}{index}"] == pytest.approx(truth, rel=1e-3), name
    if process == "tt":
        # as another package's file, which has them in the other order, gives it
        assert 1 / -ours["vppolyf_u0"] == pytest.approx(3813.5, rel=1e-4)


def resistance(library: Library, name: str, width: float, length: float, temperature: float) -> float:
    """Of a resistor at no voltage, by the foundry's own formula: body and two ends, in Ohm."""
    block = library.blocks[name]
    design = read_library(GF.library().parent / "design.ngspice", ()).params
    values = {
        **constants_of({**library.params, **design}),
        "r_length": length,
        "r_width": width,
        "temper": temperature,
        "dtemp": 0.0,
        "s": 1.0,
    }
    for key, text in {**block.defaults, **block.params}.items():
        if key not in {"r_length", "r_width", "s", "dtemp"}:
            values[key] = expression.evaluate(expression.parse(text), values)
    end = {
        key: expression.evaluate(expression.parse(text), values)
        for key, text in pairs(
            block.models[next(card.split()[3] for card in block.devices if card.lower().startswith("rt1"))].split(
                None, 2
            )[2]
        ).items()
    }
    warmer = temperature - end["tnom"]
    ends = 2 * end["rsh"] * 1e-6 / values["r_w"] * (1 + end["tc1"] * warmer + end["tc2"] * warmer**2)
    return values["r_temp"] * values["r_n"] * values["r_rsh0"] + ends


OWN = """* a library of our own: the file of one device sets w and l for all
.param w=3 l=4u k=5
.subckt fet d g s b
.param l=1 w=1 k=1
m1 d g s b card w={w*k} l={l}
.ends fet
.subckt twin d g s b w=1 l=1
.model inner nmos level=1 vto={0.5 + 0} kp=1e-4
m1 d g s b inner w={w} l={l}
.ends twin
.model card nmos level=1 vto=0.6 kp=2e-4 lambda={k/100}
"""
RULES = """title: own
library: [{path: own.lib}]
corners: {tt: []}
supply: 2
devices:
  fet: {type: nmos, w: [1u, 900u], l: [1u, 90u]}
  twin: {type: nmos, w: [1u, 900u], l: [1u, 90u]}
"""


def test_a_global_of_the_library_does_not_hide_a_devices_own(tmp_path: Path) -> None:
    (tmp_path / "own.lib").write_text(OWN)
    (tmp_path / "own.yaml").write_text(RULES)
    pdk = find_pdk("own.yaml", tmp_path)
    cut = cut_library(pdk, "tt", {"fet": ALL, "twin": ALL}, tmp_path / "cuts")
    cards = []
    for index, (name, width, length) in enumerate(itertools.product(["fet", "twin"], [2, 20, 200], [1, 5, 50])):
        cards += [
            f"vd{index} d{index} 0 1.5",
            f"vg{index} g{index} 0 1",
            f"x{index} d{index} g{index} 0 0 {name} w={width}u l={length}u",
        ]
    cards += ["vdx dx 0 1.5", "vgx gx 0 1", "xx dx gx 0 0 fet w=20u l=5u k=2"]
    whole = currents(tmp_path, OWN.splitlines(), cards)
    ours = currents(tmp_path, [f".include {cut.models}", *cut.devices.splitlines()], cards)
    for name, value in whole.items():
        assert ours[name] == pytest.approx(value, rel=1e-6, abs=1e-15), name
    assert len({round(value, 12) for name, value in whole.items() if name.startswith("vd")}) >= 12


@pytest.mark.parametrize("name", ["sky130A", "gf180mcuD"])
def test_no_device_of_a_shipped_library_loses_a_parameter_to_a_global(name: str) -> None:
    """Every name of a subcircuit that is global too stays the subcircuit's own where the cut writes it."""
    pdk = GF if name == "gf180mcuD" else find_pdk(name)
    for process in (one for one in pdk.corners if "_" not in one):
        library = read_library(pdk.library((), process), pdk.corners[process])
        for extra in pdk.include:
            library.params.update(read_library(pdk.library().parent / extra, ()).params)
        constants = constants_of(library.params)
        written = 0
        for block in library.blocks.values():
            own = {**block.defaults, **block.params}
            without = {key: value for key, value in constants.items() if key not in own}
            # the library as it is, and the worst that it could be
            texts = [
                in_a_library_of(pdk, library, block.name, globals_)
                for globals_ in (without, constants, {**constants, **dict.fromkeys(own, 123.0)})
            ]
            assert texts[0] == texts[1] == texts[2], block.name
            written += texts[0] != ""
        assert written >= (52 if name == "gf180mcuD" else 2)


def in_a_library_of(pdk: Pdk, library: Library, name: str, constants: dict[str, float]) -> str:
    """The cut's text of one subcircuit, without model cards; "" where it is refused."""
    writer = Writer(pdk, library, dict(constants), {}, mismatch=False)
    writer.card = lambda *_: None  # type: ignore[method-assign]  # cards are the library's, not the subcircuit's
    try:
        writer.block(library.blocks[name], name)
    except InputError:
        return ""
    return "".join(writer.blocks)


def test_mismatch_inside_another_device_is_drawn(tmp_path: Path) -> None:
    """The draws of a MOSFET in series with a resistor are those of the device around it, to the last digit."""
    (tmp_path / "own.lib").write_text(
        ".param mm=0\n.subckt fet d g s b w=1u l=1u\n.model card nmos level=1 vto={0.6+mm*agauss(0,1m,1)} kp=2e-4\n"
        "m1 d g s b card w={w} l={l}\n.ends\n"
        ".subckt pair d g s b w=1u l=1u\nx1 d g n b fet w={w} l={l}\nr1 n s 10\n.ends\n"
    )
    (tmp_path / "own.yaml").write_text(
        RULES.replace("supply: 2", "supply: 2\nmismatch: {mm: 1}") + "  pair: {type: resistor, terminals: 4}\n"
    )
    cut = cut_library(find_pdk("own.yaml", tmp_path), "tt", {"pair": ALL}, tmp_path / "cuts")
    assert cut.drawn["pair"].draws == 1
    sources = ["vd0 d0 0 2", "vd1 d1 0 2", "vg g 0 1.2"]
    text = [line for one in cut.drawn.values() for line in one.text.splitlines()]
    cards = [*sources, "x0 d0 g 0 0 pair w=4u", "x1 d1 g 0 0 pair w=4u draw0=20"]
    ours = currents(tmp_path, text, cards)
    plain = [".model one nmos level=1 vto=0.6 kp=2e-4", ".model two nmos level=1 vto=0.62 kp=2e-4"]
    lines = ["m0 d0 g n0 0 one w=4u l=1u", "r0 n0 0 10", "m1 d1 g n1 0 two w=4u l=1u", "r1 n1 0 10"]
    theirs = currents(tmp_path, plain, [*sources, *lines])
    assert ours == {name: pytest.approx(value, rel=1e-8) for name, value in theirs.items()}
    assert ours["vd0"] < 0.98 * ours["vd1"] < 0


def test_diodes_of_gf180(tmp_path: Path) -> None:
    """Plain model cards, for D lines: forward, reverse and their capacitance."""
    pdk = find_pdk("gf180mcuD")
    names = [name for name, rule in pdk.devices.items() if rule.type == "diode" and rule.spellings[0] == name]
    cards = []
    for index, (name, area, volts) in enumerate(itertools.product(names, ("1p", "100p"), ("0.6", "-3", "-1 ac 1"))):
        cards += [f"v{index} a{index} 0 {volts}", f"d{index} a{index} 0 {name} area={area} pj=40u"]
    for process in ("tt", "ss"):
        cut = cut_library(pdk, process, dict.fromkeys(names, ALL), tmp_path / "cuts")
        whole = currents(tmp_path, uncut(pdk, process), cards, 85.0)
        ours = currents(tmp_path, [f".include {cut.models}"], cards, 85.0)
        assert len(names) == 9 and ours == {name: pytest.approx(value, rel=1e-6) for name, value in whole.items()}


def test_a_diode_line_of_the_foundry_is_simulated(tmp_path: Path) -> None:
    """The circuit is flattened, and the diode conducts as in plain ngspice."""
    cell = "* clamp\n.subckt clamp out vdd vss\nR1 vdd out 10k\nD1 out vss np_3p3 area=10p pj=14u\n.ends\n"
    (tmp_path / "clamp.spice").write_text(cell)
    (tmp_path / "spec.yaml").write_text(
        "circuit: clamp.spice\nsubckt: clamp\npdk: gf180mcuD\nparameters: {R1.value: {min: 1k, max: 100k}}\n"
        "testbenches: {drift: {template: reference}}\nspecs: {reference_voltage: {unit: V, maximum: 1}}\n"
    )
    problem = load_problem(tmp_path / "spec.yaml")
    assert Workbench(problem, tmp_path / "models").hierarchical == ""
    ours = measure_once(problem)["reference_voltage"]
    gf = find_pdk("gf180mcuD")
    cards = ["vdd vdd 0 3.3", *cell.splitlines()[1:], "x1 out vdd 0 clamp", "vs vdd v1 0", "r2 v1 q 10k"]
    theirs = currents(tmp_path, uncut(gf, "tt"), [*cards, "d2 q 0 np_3p3 area=10p pj=14u"])
    assert ours == pytest.approx(3.3 + theirs["vdd"] / 2 * 10e3, rel=1e-4) and 0.5 < ours < 1.0
