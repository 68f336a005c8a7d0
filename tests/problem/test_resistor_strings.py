"""Resistors that set a ratio are parameters; the units of one resistor are one parameter."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.line_edit import Edit
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
RES, FREE = "sky130_fd_pr__res_high_po_1p41", "sky130_fd_pr__res_high_po"
MIRROR = "".join(f"XP{k} {net} b vdd vdd {P} W=5 L=2 m=4\n" for k, net in enumerate(("a", "b", "vref")))
CORE = f"{MIRROR}XN1 a a q vss {N} W=5 L=1 m=8\nXN2 b a s vss {N} W=5 L=1 m=8\n"
BIPOLAR = "sky130_fd_pr__pnp_05v5_W3p40L3p40"


def drafted(folder: Path, body: str, ports: str = "vref vdd vss") -> Problem:
    (folder / "c.spice").write_text(f"* c\n.subckt c {ports}\n{body}.ends\n")
    (folder / "spec.yaml").write_text(write_draft(read_circuit(folder / "c.spice", folder), "c.spice"))
    return load_problem(folder / "spec.yaml")


def string(name: str, top: str, bottom: str, units: int, model: str = RES, size: str = "W=1.41 L=7.8") -> str:
    nets = [top, *(f"{name}{k}" for k in range(1, units)), bottom]
    return "".join(f"XR{name}{k} {nets[k]} {nets[k + 1]} vdd {model} {size}\n" for k in range(units))


def sizes(problem: Problem, changes: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Resistor → (W, L) in the netlist's micrometres, with these parameters changed."""
    edits = problem.space.edits({**problem.space.initial, **changes})
    own = problem.netlist.subcircuits[problem.subckt]
    return {
        device.name: (
            edits.get(Edit("c", device.name, "w"), float(device.params["w"])),
            edits.get(Edit("c", device.name, "l"), float(device.params["l"])),
        )
        for device in own.devices
        if device.name.startswith("xr")
    }


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(1, 6), st.integers(2, 9))
def test_each_string_of_a_bandgap_has_its_own_length(tmp_path: Path, few: int, many: int) -> None:
    body = CORE + f"XQ1 vss vss q {BIPOLAR} m=1\nXQ2 vss vss e {BIPOLAR} m=8\nXQ3 vss vss f {BIPOLAR} m=1\n"
    body += string("a", "s", "e", few) + string("b", "vref", "f", many)
    problem = drafted(tmp_path, body)
    assert {name for name in problem.space.names if name.startswith("XR")} == {"XRA0.l", "XRB0.l"}
    found = sizes(problem, {"XRA0.l": 20e-6})
    assert {size for name, size in found.items() if name.startswith("xra")} == {(1.41, 20.0)}
    assert {size for name, size in found.items() if name.startswith("xrb")} == {(1.41, 7.8)}


def test_the_units_of_all_strings_keep_one_width(tmp_path: Path) -> None:
    body = CORE + f"XQ1 vss vss q {BIPOLAR} m=1\nXQ2 vss vss e {BIPOLAR} m=8\n"
    body += string("a", "s", "e", 2, FREE, "W=1 L=7") + string("b", "vref", "vss", 5, FREE, "W=1 L=7")
    problem = drafted(tmp_path, body)
    assert {name for name in problem.space.names if name.startswith("XR")} == {"XRA0.w", "XRA0.l", "XRB0.l"}
    found = sizes(problem, {"XRA0.w": 2e-6, "XRB0.l": 9e-6})
    assert {size for name, size in found.items() if name.startswith("xra")} == {(2.0, 7.0)}
    assert {size for name, size in found.items() if name.startswith("xrb")} == {(2.0, 9.0)}


def test_a_divider_of_units_has_a_ratio(tmp_path: Path) -> None:
    body = f"XM1 d vref t vss {N} W=5 L=0.5\nXM2 g fb t vss {N} W=5 L=0.5\nXM3 d d vdd vdd {P} W=4 L=0.5\n"
    body += f"XM4 g d vdd vdd {P} W=4 L=0.5\nXM5 t ib vss vss {N} W=2 L=1 m=4\nXM6 ib ib vss vss {N} W=2 L=1 m=1\n"
    body += f"XM7 out g vdd vdd {P} W=50 L=0.5\n" + string("t", "out", "fb", 2) + string("b", "fb", "vss", 4)
    problem = drafted(tmp_path, body, "vref out ib vdd vss")
    assert {"XRT0.l", "XRB0.l"} <= set(problem.space.names)


@pytest.mark.parametrize("units", [1, 2])
def test_the_equal_branches_of_a_reference_stay_equal(units: int, tmp_path: Path) -> None:
    """Banba's reference: an amplifier holds two branches equal; their resistors match, the output's does not."""
    body = "".join(f"XP{k} {net} g vdd vdd {P} W=5 L=2 m=4\n" for k, net in enumerate(("x", "y", "vref")))
    body += f"XA1 d x t vss {N} W=5 L=1\nXA2 g y t vss {N} W=5 L=1\nXA3 d d vdd vdd {P} W=4 L=1\n"
    body += f"XA4 g d vdd vdd {P} W=4 L=1\nXA5 t g2 vss vss {N} W=2 L=1\nXA6 g2 g2 vss vss {N} W=2 L=1\n"
    body += f"XA7 g2 g vdd vdd {P} W=5 L=2 m=1\nXQ1 vss vss x {BIPOLAR} m=1\nXQ2 vss vss e {BIPOLAR} m=8\n"
    body += string("p", "y", "e", 1, size="W=1.41 L=3") + string("1", "x", "vss", units)
    body += string("2", "y", "vss", units) + string("o", "vref", "vss", units)
    problem = drafted(tmp_path, body)
    assert {name for name in problem.space.names if name.startswith("XR")} == {"XRP0.l", "XR10.l", "XRO0.l"}
    found = sizes(problem, {"XR10.l": 20e-6})
    assert {name for name, size in found.items() if size[1] == 20.0} == {
        f"xr{branch}{k}" for branch in "12" for k in range(units)
    }


def test_a_follower_by_ratio_leads_its_match_group(tmp_path: Path) -> None:
    body = f"XM1 d a vss vss {N} W=2 L=1\nXM2 d a vss vss {N} W=4 L=1\nXM3 d a vss vss {N} W=4 L=1\n"
    (tmp_path / "c.spice").write_text(f".subckt c a d vdd vss\n{body}.ends\n")
    (tmp_path / "tb.spice").write_text("* tb\nVDD vdd 0 {vdd}\nXDUT vdd vdd vdd 0 c\n.op\n.end\n")
    (tmp_path / "spec.yaml").write_text(
        "name: c\ncircuit: c.spice\nsubckt: c\npdk: sky130A\nparameters: {M1.w: {min: 1u, max: 50u}}\n"
        "match: [[M2, M3]]\nratios: {M2.w: {of: M1.w, ratio: 2}}\n"
        "testbenches: {loop: {deck: tb.spice, probes: {out: vdd}}}\nspecs: {power: {testbench: loop, maximum: 1m}}\n"
        "corners: {nominal: {process: tt, vdd: 1.8, temperature: 27}}\n"
    )
    space = load_problem(tmp_path / "spec.yaml").space
    edits = space.edits({"M1.w": 5e-6})
    assert {edit.device: value for edit, value in edits.items()} == {"xm1": 5.0, "xm2": 10.0, "xm3": 10.0}
