"""Flat netlists lose their sources and gain ports."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.draft import guesses_of, read_answers, read_circuit, write_draft
from eda_agent.problem.draft.dialect import NO_CALL
from eda_agent.problem.load import load_problem
from eda_agent.run import measure_once

FLAT = """* a flat schematic with its sources
M1 sn gn 0 0 nch w=5u l=2u
M3 gn gn 0 0 nch w=5u l=2u
M4 gp plus sn 0 nch w=10u
+ l=1u
M5 diffout minus sn 0 nch w=10u l=1u
M6 gp gp vcc vcc pch w=5u l=2u
M2 diffout gp vcc vcc pch w=5u l=2u
VCC vcc 0 3
VP plus 0 1.5
VM minus 0 1.5
IB 0 gn 10u
.model nch nmos level=1 vto=0.5 kp=170u
.model pch pmos level=1 vto=-0.7 kp=60u lambda=0.1
.option post PARHIER=local
.end
"""


def test_a_flat_netlist_loses_its_sources_and_gains_ports(tmp_path: Path) -> None:
    (tmp_path / "flat.spice").write_text(FLAT)
    draft = read_circuit(tmp_path / "flat.spice", tmp_path)
    assert draft.kind.name == "op-amp"
    assert draft.netlist.subcircuits["circuit"].ports == ("vcc", "plus", "minus", "gn", "diffout", "vss")
    assert draft.kind.ports == {"inp": "plus", "inn": "minus", "out": "diffout", "vdd": "vcc", "vss": "vss"}
    assert draft.kind.bias == {"gn": "source"}
    assert any("sources were removed" in note for note in draft.changed)
    (tmp_path / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    assert measure_once(load_problem(tmp_path / "spec.yaml"))["dc_gain"] is not None


TITLED = """flat ota
.model n nmos level=1 vto=0.7 kp=110u lambda=0.04
.model p pmos level=1 vto=-0.7 kp=50u lambda=0.05
Vdd vdd 0 3.3
Ib 0 nb DC 12u
Vp inp 0 1.65 ac 1
Vn inn 0 1.65
M1 a inn t 0 n W=10u L=1u
M2 out inp t 0 n W=10u L=1u
M3 a a vdd vdd p W=10u L=1u
M4 out a vdd vdd p W=10u L=1u
M5 t nb 0 0 n W=10u L=1u
M6 nb nb 0 0 n W=10u L=1u
.end
"""


def test_what_the_sources_of_a_flat_schematic_held_is_kept(tmp_path: Path) -> None:
    (tmp_path / "flat.cir").write_text(TITLED)
    draft = read_circuit(tmp_path / "flat.cir", tmp_path)
    (tmp_path / "spec.yaml").write_text(write_draft(draft, draft.source.name))
    text = (tmp_path / "spec.yaml").read_text()
    assert "bias: {nb: {current: 12u}}\n" in text
    assert "vdd: 3.3," in text
    assert not any("bias port" in doubt for doubt in draft.doubts)
    load_problem(tmp_path / "spec.yaml")


@pytest.mark.parametrize("around", [False, True], ids=["flat", "subcircuit"])
@pytest.mark.parametrize(
    ("params", "supply", "current"),
    [
        (".param vsup=3 ibias=12u", "{vsup}", "{ibias}"),
        (".PARAM VSUP=3 IBIAS=12u", "DC {Vsup}", "DC 'ibias'"),
        (".param vsup='2*half' half=1.5\n.param unit=4u", "'vsup'", "{3*unit}"),
        (".param vsup=3 ibias=12u\n.csparam v={vsup}", "dc={vsup}", "ibias"),
    ],
)
def test_values_by_parameters_are_those_of_the_sources(
    params: str, supply: str, current: str, around: bool, tmp_path: Path
) -> None:
    """Without a number the supply was 5 V, whatever the deck said."""
    text = TITLED.replace("dd 0 3.3", f"dd 0 {supply}").replace("nb DC 12u", f"nb {current}").replace("1.65", "{1+0.4}")
    text = text.replace("Vdd", f"{params}\nVdd")
    if around:
        devices = text[text.index("M1") : text.index(".end")]
        call = f".subckt ota inp inn out nb vdd\n{devices}.ends\nX1 inp inn out nb vdd ota\n"
        text = text.replace(devices, call)
    (tmp_path / "flat.cir").write_text(text)
    draft = read_circuit(tmp_path / "flat.cir", tmp_path)
    spec = write_draft(draft, draft.source.name)
    assert "bias: {nb: {current: 12u}}\n" in spec and "vdd: 3," in spec and "vcm: 1.4" in spec
    (tmp_path / "spec.yaml").write_text(spec)
    load_problem(tmp_path / "spec.yaml")


def test_devices_of_a_flat_deck_in_another_file_are_named(tmp_path: Path) -> None:
    start, end = TITLED.index("M1"), TITLED.index(".end")
    (tmp_path / "core.inc").write_text(TITLED[start:end])
    (tmp_path / "flat.cir").write_text(
        TITLED[:start] + '.include "core.inc"\nC1 out 0 1p\n.ac dec 9 1 1g\n.meas ac a max vm(out)\n' + TITLED[end:]
    )
    with pytest.raises(InputError, match=r"if its devices are in core\.inc: write them into the deck"):
        write_draft(read_circuit(tmp_path / "flat.cir", tmp_path), "flat.cir")


BUFFER = """* two inverters
M1 N1 IN 0 0 NN L=0.18u W=2u
M2 N1 IN VDD VDD PP L=0.18u W=4u
M3 OUT N1 0 0 NN L=0.18u W=6u
M4 OUT N1 VDD VDD PP L=0.18u W=12u
V1 VDD 0 1.8
V2 IN 0 PULSE(0 1.8 1n 0.1n 0.1n 5n 10n)
C1 OUT 0 200f
C2 Out 0 50f
.model NN nmos level=1 vto=0.5 kp=200u
.model PP pmos level=1 vto=-0.5 kp=80u
.tran 10p 20n
.meas TRAN high MAX V(out)
.end
"""


def test_a_line_that_is_no_measurement_is_named_and_nothing_else_is_advised(tmp_path: Path) -> None:
    (tmp_path / "buffer.cir").write_text(BUFFER.replace(".end\n", ".meas tran bad frobnicate v(out)\n.end\n"))
    said = " ".join(read_circuit(tmp_path / "buffer.cir", tmp_path).changed)
    assert "no measurement 'frobnicate'" in said and "correct or remove that line" in said and NO_CALL not in said


def test_a_load_named_in_capitals_is_kept_and_measurements_that_are_left_out_are_said(tmp_path: Path) -> None:
    # models of no known process: the deck cannot be simulated as it is
    text = "".join(line for line in BUFFER.splitlines(True) if ".model" not in line)
    (tmp_path / "buffer.cir").write_text(text.replace(" NN ", " nch ").replace(" PP ", " pch "))
    draft = read_circuit(tmp_path / "buffer.cir", tmp_path, "sky130A")
    assert NO_CALL in draft.changed
    assert "C1, C2 became the load of the testbenches" in draft.changed
    assert "load: 250f" in write_draft(draft, draft.source.name)
    assert not [guess for guess in guesses_of(draft) if guess.what == "load"]


def test_a_flat_deck_that_measures_is_the_testbench(tmp_path: Path) -> None:
    (tmp_path / "buffer.cir").write_text(BUFFER)
    draft = read_circuit(tmp_path / "buffer.cir", tmp_path)
    assert draft.own_bench is not None and not (tmp_path / "buffer.cir").samefile(draft.source)
    assert draft.netlist.subcircuits["circuit"].ports == ("in", "vdd", "out", "vss")
    shown = [(guess.what, guess.value, guess.place) for guess in guesses_of(draft)]
    assert shown == [("C1", "testbench", "--size C1,'*'"), ("C2", "testbench", "--size C2,'*'")]
    mine = read_circuit(tmp_path / "buffer.cir", tmp_path, answers=read_answers(size=["C1,*"]))
    assert [device.name for device in mine.netlist.subcircuits["circuit"].devices][-1] == "c1"
    # a name behind a variable cannot be followed
    (tmp_path / "by_name.cir").write_text(
        BUFFER.replace(".tran", ".control\nforeach d m1 m2\nop\nprint @$d[gm]\nend\n.endc\n.tran")
    )
    assert read_circuit(tmp_path / "by_name.cir", tmp_path).own_bench is None


def test_the_temperature_of_a_flat_deck_is_that_of_the_corner(tmp_path: Path) -> None:
    for number, (line, temperature) in enumerate(((".temp 40", 40.0), (".option reltol=1e-4 TEMP = -20", -20.0))):
        file = tmp_path / f"flat{number}.spice"
        file.write_text(FLAT.replace(".option post", f"{line}\n.option post"))
        draft = read_circuit(file, tmp_path)
        assert draft.temperature == temperature
        assert f"temperature: {temperature:g}" in write_draft(draft, file.name)
