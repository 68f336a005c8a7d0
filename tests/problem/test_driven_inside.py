"""What an amplifier or an oscillator inside drives is recognised from the connections alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.draft import Draft, read_circuit
from eda_agent.problem.draft.answers import read_answers
from eda_agent.problem.draft.conditions import held_of, supply_of
from eda_agent.problem.draft.groups import grouped

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
N50, P50 = "sky130_fd_pr__nfet_g5v0d10v5", "sky130_fd_pr__pfet_g5v0d10v5"


def drafted(folder: Path, ports: str, body: str, **answers: str) -> Draft:
    (folder / "c.spice").write_text(f".subckt c {ports}\n{body.strip()}\n.ends\n")
    return read_circuit(folder / "c.spice", folder, answers=read_answers(**answers))


def match(draft: Draft) -> list[set[str]]:
    return [set(names) for names in grouped(draft).match]


TANK = f"""
X1 p q s vss {N} W=16 L=0.15
X2 q p s vss {N} W=16 L=0.15
X3 s nb vss vss {N} W=40 L=0.5
X4 nb nb vss vss {N} W=8 L=0.5
"""
LOSSY = "LA vdd x 4n\nRA x p 5\nLB vdd y 4n\nRB y q 5\n"


def test_a_coil_with_its_series_resistance_joins_the_drains(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "vdd vss p q nb", TANK + LOSSY)
    assert draft.kind.name == "oscillator"
    assert {"ra", "rb"} in match(draft) and {"la", "lb"} in match(draft)


def test_resistors_without_coils_make_a_latch(tmp_path: Path) -> None:
    assert drafted(tmp_path, "vdd vss p q nb", TANK + "RA vdd p 5\nRB vdd q 5\n").kind.name != "oscillator"


@pytest.mark.parametrize("kind", [None, "oscillator"])
def test_a_driven_side_is_left_open_with_and_without_a_kind(tmp_path: Path, kind: str | None) -> None:
    options = {} if kind is None else {"kind": kind}
    draft = drafted(tmp_path, "vdd vss p q nb", TANK + "L1 p m 3n\nR1 m q 2\nRC p vdd 900\n", **options)
    (other,) = {"p", "q"} - {draft.kind.ports["out"]}
    held = held_of(draft, other, draft.kind.bias[other])
    assert (held.kind, held.amount) == ("current", "0")
    assert draft.kind.bias["nb"] == "source"


@pytest.mark.parametrize("first", ["vcore", "vhigh"])
def test_each_supply_has_the_voltage_of_its_own_devices(tmp_path: Path, first: str) -> None:
    thin, thick = ("vdd", "vhigh") if first == "vcore" else ("vlow", "vdd")
    body = f"""
XT t nb vss vss {N} W=4 L=1
XB nb nb vss vss {N} W=4 L=1
X1 a im t vss {N} W=8 L=0.5
X2 b ip t vss {N} W=8 L=0.5
X3 a a {thin} {thin} {P} W=8 L=1
X4 b a {thin} {thin} {P} W=8 L=1
X5 d b vss vss {N50} W=8 L=1
X6 d d {thick} {thick} {P50} W=8 L=1
X7 o d {thick} {thick} {P50} W=8 L=1
X8 o nb vss vss {N50} W=8 L=1
"""
    draft = drafted(tmp_path, f"ip im o {thin} {thick} vss nb", body)
    volts = {draft.structure.vdd: supply_of(draft)}
    second = thick if draft.structure.vdd == thin else thin
    held = held_of(draft, second, draft.kind.bias[second])
    volts[second] = supply_of(draft) if held.amount == "vdd" else float(held.amount)
    assert volts == {thin: 1.8, thick: 5.0}


BANDGAP = f"""
XA u g vdd vdd {P} W=8 L=2 M=2
XB v g vdd vdd {P} W=8 L=2 M=2
XC ref g vdd vdd {P} W=8 L=2 M=4
XT tail g vdd vdd {P} W=8 L=2 M=2
X1 d v tail vdd {P} W=16 L=1
X2 g u tail vdd {P} W=16 L=1
X3 d d vss vss {N} W=3 L=3
X4 g d vss vss {N} W=3 L=3
XQ1 vss vss u sky130_fd_pr__pnp_05v5_W3p40L3p40 m=1
XQ2 vss vss e sky130_fd_pr__pnp_05v5_W3p40L3p40 m=8
R1 v e 6k
R2 ref vss 60k
"""
START = {
    "a device that is always on": f"XS3 k vss vdd vdd {P} W=0.42 L=16",
    "a resistor": "RS k vdd 900k",
}


def test_sources_that_an_amplifier_drives_are_copies(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "vdd vss ref", BANDGAP)
    groups = grouped(draft)
    assert any({"xa", "xb", "xc", "xt"} == set(names) for names, side in groups.equal if side == "w")
    assert any({"xa", "xb", "xt"} == set(names) for names, side in groups.equal if side == "m")
    assert {"x1", "x2"} in match(draft)


def test_a_source_of_another_size_stays_apart(tmp_path: Path) -> None:
    draft = drafted(
        tmp_path, "vdd vss ref", BANDGAP.replace("XC ref g vdd vdd " + P + " W=8", f"XC ref g vdd vdd {P} W=5")
    )
    assert {"xa", "xb", "xt"} in match(draft)


@pytest.mark.parametrize("pull", START)
def test_what_starts_an_amplifiers_loop_is_not_sized(tmp_path: Path, pull: str) -> None:
    body = f"{BANDGAP}XS1 g k vss vss {N} W=1 L=1\nXS2 k ref vss vss {N} W=2 L=0.5\n{START[pull]}\n"
    draft = drafted(tmp_path, "vdd vss ref", body)
    started = {"xs1", "xs2"} | ({"xs3"} if "xs3" in body.lower() else set())
    assert {name for name, role in draft.structure.roles.items() if role == "start-up"} == started
    assert started <= set(draft.kind.switches)


def test_a_second_stage_of_an_amplifier_is_no_start_up(tmp_path: Path) -> None:
    body = f"{BANDGAP}XS1 g k vss vss {N} W=1 L=1\nXS2 k ref vss vss {N} W=2 L=0.5\nXS3 k g vdd vdd {P} W=2 L=1\n"
    assert "start-up" not in drafted(tmp_path, "vdd vss ref", body).structure.roles.values()


def test_devices_that_force_two_voltages_equal_are_equal(tmp_path: Path) -> None:
    body = f"""
X1 n g vdd vdd {P} W=4 L=4
X2 g g vdd vdd {P} W=4 L=4
X3 ref g vdd vdd {P} W=4 L=4
X4 n n u vss {N} W=18 L=4
X5 g n v vss {N} W=18 L=4
XQ1 vss vss u sky130_fd_pr__pnp_05v5_W3p40L3p40
XQ2 vss vss e sky130_fd_pr__pnp_05v5_W3p40L3p40 m=8
XR1 v e vss sky130_fd_pr__res_xhigh_po_0p69 l=7
XR2 ref h vss sky130_fd_pr__res_xhigh_po_0p69 l=30
XR3 h vss vss sky130_fd_pr__res_xhigh_po_0p69 l=30
"""
    found = match(drafted(tmp_path, "vdd vss ref", body))
    assert {"x4", "x5"} in found and {"xr2", "xr3"} in found
    tapped = body + f"X9 vdd h ref vss {N} W=1 L=1\n"
    assert {"xr2", "xr3"} not in match(drafted(tmp_path, "vdd vss ref", tapped))
