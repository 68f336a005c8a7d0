"""Gates whose netlists are not here: their names tell the function, their calls the order of the pins."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from eda_agent.problem.draft.gate_cells import gate_cells, is_gate
from eda_agent.problem.pdk import find_pdk

from .test_dialects_met import draft_of

NAMES = ("inv", "buf", "nand2", "nor3", "and3", "or2")


def levels_of(lines: list[str], pins: dict[str, int], out: str) -> int | None:
    """The level of `out`, with transistors as switches."""
    fets = [line.split() for line in lines if line[:1] in "XM"]
    known = dict(pins)
    for _ in range(2 * len(fets)):
        for _, drain, gate, source, _, model, *_ in fets:
            if gate in known and known[gate] == ("nmos" in model or "nfet" in model):
                for here, there in ((drain, source), (source, drain)):
                    if here in known:
                        known.setdefault(there, known[here])
    return known.get(out)


@pytest.mark.parametrize("pdk", ["ihp-sg13g2", "sky130A", "ptm45"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("inv", lambda a: not a),
        ("buf", lambda a: a),
        ("nand2", lambda *ins: not all(ins)),
        ("nor3", lambda *ins: not any(ins)),
        ("and3", lambda *ins: all(ins)),
        ("or2", lambda *ins: any(ins)),
    ],
)
def test_a_gate_has_the_function_that_its_name_tells(pdk: str, name: str, value: Callable[..., int]) -> None:
    count = int(name[-1]) if name[-1].isdigit() else 1
    inputs = [f"i{number}" for number in range(count)]
    lines = gate_cells([f"X1 {' '.join(inputs)} VDD VSS o sg13g2_{name}_4"], find_pdk(pdk), [])
    start = next(number for number, line in enumerate(lines) if line.startswith(".subckt"))
    pins = lines[start].split()[2:]
    for bits in product((0, 1), repeat=count):
        given = dict(zip(pins, [*bits, 1, 0], strict=False))
        assert levels_of(lines[start:], given, pins[-1]) == int(value(*bits))


def test_the_order_of_the_pins_is_the_one_in_which_no_two_gates_drive_one_net() -> None:
    """Of a foundry's libraries some have the output first, some last."""
    pdk = find_pdk("ihp-sg13g2")
    last = ["X1 c en VDD VSS a sg13g2_and2_2", "X2 c VDD VSS n sg13g2_inv_1", "X3 n en VDD VSS b sg13g2_and2_2"]
    first = ["X1 a c en VDD VSS sg13g2_and2_2", "X2 n c VDD VSS sg13g2_inv_1", "X3 b n en VDD VSS sg13g2_and2_2"]
    for calls, drain in ((last, "p3"), (first, "p0")):
        lines = gate_cells(calls, pdk, [])
        inverter = next(number for number, line in enumerate(lines) if line.startswith(".subckt sg13g2_inv_1"))
        assert {line.split()[1] for line in lines[inverter + 1 : inverter + 3]} == {drain}


def test_names_that_are_no_gates() -> None:
    assert [
        name for name in ("ND2D1", "NR3D4BWP", "CKND8", "INVD1", "DCAP8", "sg13g2_nor2_1") if not is_gate(name)
    ] == []
    assert not any(map(is_gate, ("ota", "and", "inv", "nd", "sg13g2_dfrbp_1", "buffer2", "comp1")))


PUMP = """* a pump behind gates, as a schematic editor writes its test
V1 vdd 0 1.2
V2 ck 0 PULSE(0 1.2 0 1n 1n 50n 100n)
V3 en 0 1.2
R1 out 0 10Meg
x1 ck en vdd 0 out pump
.include /a/libs.ref/sg13g2_stdcell/spice/sg13g2_stdcell.spice
.subckt pump ck en VDD VSS out
XM1 a top top top sg13_lv_nmos w=3u l=0.13u ng=1
XM2 b a a a sg13_lv_nmos w=3u l=0.13u ng=1
XM3 out b b b sg13_lv_nmos w=3u l=0.13u ng=1
XC1 a ca cap_cmim w=20u l=20u m=1
XC2 b cb cap_cmim w=20u l=20u m=1
x1 ck en VDD VSS ca sg13g2_and2_2
x2 ck VDD VSS n sg13g2_inv_1
x3 n en VDD VSS cb sg13g2_and2_2
x4 en VDD VSS top sg13g2_buf_8
.ends
.control
tran 1n 10u
.endc
.end
"""


def test_a_pump_whose_library_of_gates_is_not_here(tmp_path: Path) -> None:
    """Its chain starts at a buffer of its enable, and its clock comes through gates."""
    draft = draft_of(PUMP, tmp_path)
    assert draft.kind.name == "charge pump"
    assert {role: draft.kind.ports[role] for role in ("out", "clk")} == {"out": "out", "clk": "ck"}
    assert draft.kind.bias == {"en": "high"}
    assert any("sg13g2_stdcell.spice is not here and was left out" in said for said in draft.changed)


def test_wells_with_pins_of_their_own_and_the_voltage_in_a_library_s_name() -> None:
    call = "X1 a b y VDD VDD VSS VSS gf180mcu_fd_sc_mcu7t5v0__nor2_2"
    lines = gate_cells([call], find_pdk("gf180mcuD"), [])
    start = next(number for number, line in enumerate(lines) if line.startswith(".subckt"))
    pins = lines[start].split()[2:]
    body = lines[start + 1 :]
    for a, b in product((0, 1), repeat=2):
        known = {pins[0]: a, pins[1]: b, pins[3]: 1, pins[4]: 1, pins[5]: 0, pins[6]: 0}
        assert levels_of(body, known, pins[2]) == int(not (a or b))
    models = {line.split()[5] for line in body if line.startswith("X")}
    assert models == {"nfet_05v0", "pfet_05v0"}


def test_two_supplies_of_a_cell_are_no_wells() -> None:
    call = "X1 a y VDD VDDH VSS gf180mcu_fd_sc_mcu7t5v0__buf_2"
    assert gate_cells([call], find_pdk("gf180mcuD"), []) == [call]
