"""What HSPICE, CDL and optimizers' decks write: nested cells, reserved names, foreign calls, sources behind sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.cli.main import main
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem

MODELS = """* models of a fab
.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05
.model pch pmos level=1 vto=-0.5 kp=80u lambda=0.05
"""
OTA = """M1 a inp t vss nch W=10u L=1u
M2 out inn t vss nch W=10u L=1u
M3 a a vdd vdd pch W=10u L=1u
M4 out a vdd vdd pch W=10u L=1u
M5 t ib vss vss nch W=10u L=1u
M6 ib ib vss vss nch W=5u L=1u
"""


def drafted(folder: Path, text: str, *options: str) -> Problem:
    (folder / "c.sp").write_text(text)
    assert main(["init", str(folder / "c.sp"), "--no-sim", "--force", *options]) in {0, 1}
    return load_problem(folder)


def test_a_cell_inside_a_cell_is_moved_out(tmp_path: Path) -> None:
    pair = ".subckt half d g s vss\nM1 d g s vss nch W=10u L=1u\n.ends\n"
    lines = [line for line in OTA.splitlines() if not line.startswith(("M1", "M2"))]
    body = "\n".join(["X1 a inp t vss half", "X2 out inn t vss half", *lines])
    problem = drafted(tmp_path, f"{MODELS}.subckt ota inp inn out vdd vss ib\n{body}\n{pair}.ends ota\n")
    assert problem.subckt == "ota" and set(problem.netlist.subcircuits) == {"ota", "half"}
    # both halves are one line of the netlist
    assert "half.m1.w" in problem.space.names


def test_a_parameter_called_as_a_function_gets_an_underscore(tmp_path: Path) -> None:
    text = OTA.replace("M6 ib ib vss vss nch W=5u L=1u", "M6 ib ib vss vss nch W={wn} L={ln}")
    text = text.replace("M5 t ib vss vss nch W=10u L=1u", "M5 t ib vss vss nch W={2*wn*exp(ln(1))} L='ln'")
    problem = drafted(tmp_path, f"{MODELS}.param ln=1u wn=5u\n.subckt ota inp inn out vdd vss ib\n{text}.ends\n")
    assert "ln_" in problem.space.names and "exp(ln(1))" in problem.netlist.text()


def test_a_device_may_be_called_by_its_letter(tmp_path: Path) -> None:
    text = OTA.replace("M6 ib ib", "R ib net6 1k\nM6 net6 ib")
    problem = drafted(tmp_path, f"{MODELS}.subckt ota inp inn out vdd vss ib\n{text}.ends\n")
    assert "r" in {device.name for device in problem.netlist.subcircuits["ota"].devices}


def test_calls_of_another_foundry_get_devices_of_the_pdk(tmp_path: Path) -> None:
    text = (
        ".subckt inv in out Wmin=500n Lmin=180n f=2\n"
        "X_Mn1 out in gnd! gnd! n11ll_ckt W='Wmin*2*f' L=Lmin\n"
        "X_Mp1 out in vdd! vdd! p11ll_ckt W='Wmin*5*f' L=Lmin\n.ends\n"
    )
    problem = drafted(tmp_path, text, "--pdk", "sky130A")
    # f stands in one product with Wmin everywhere, so one of the two is enough
    assert set(problem.space.names) == {"Wmin", "Lmin"}
    assert problem.space.initial["Wmin"] == pytest.approx(0.5e-6)
    assert {"vdd!", "gnd!"} <= set(problem.netlist.subcircuits["inv"].ports)


def test_a_label_that_lost_its_global_line_is_a_port(tmp_path: Path) -> None:
    text = OTA.replace("vdd", "VCC").replace("vss", "0")
    problem = drafted(tmp_path, f"{MODELS}.subckt ota inp inn out ib\n{text}.ends\n")
    assert {"vcc", "vss"} <= set(problem.netlist.subcircuits["ota"].ports)


@pytest.mark.parametrize(
    "gain", ["Ep inp cm d 0 0.5\nEn inn cm d 0 -0.5", "Vp inp cm 0\nVn inn cm 0", "Vp inp cm 0 ac 1\nVn inn cm 0"]
)
def test_sources_behind_sources_are_stimuli(tmp_path: Path, gain: str) -> None:
    deck = f"{MODELS}{OTA}Vdd vdd 0 1.8\nVss vss 0 0\nVcm cm 0 0.9\nVd d 0 dc 0 ac 1\nI1 0 ib 5u\n{gain}\n.ac dec 10 1 1g\n.end\n"
    problem = drafted(tmp_path, deck)
    ports = set(problem.netlist.subcircuits["circuit"].ports)
    assert {"inp", "inn", "vdd", "out", "ib"} <= ports and not {"cm", "d"} & ports


def test_options_and_temperatures_of_hspice(tmp_path: Path) -> None:
    deck = f"{MODELS}.optionms post\n.temp=85\n{OTA}Vdd vdd 0 1.8\nVp inp 0 0.9\nVn inn 0 0.9\nI1 0 ib 5u\n.op\n.end\n"
    assert drafted(tmp_path, deck.replace("vss", "0")).subckt == "circuit"


def test_a_deck_with_models_of_another_foundry_is_measured_by_templates(tmp_path: Path) -> None:
    cell = f".subckt ota inp inn out vdd vss ib\n{OTA.replace('nch', 'n_18_mm').replace('pch', 'p_18_mm')}.ends\n"
    bench = "X1 inp out out vdd 0 ib ota\nVdd vdd 0 1.8\nVp inp 0 0.9 ac 1\nI1 0 ib 5u\n.ac dec 10 1 1g\n.meas ac g max vdb(out)\n.end\n"
    problem = drafted(tmp_path, f"* deck\n.lib 'fab.l' tt\n{cell}{bench}", "--pdk", "sky130A")
    assert {bench.template for bench in problem.testbenches.values()} == {"opamp_open_loop", "opamp_step"}


def test_a_flat_extraction_without_sources_finds_its_supply_by_the_wells(tmp_path: Path) -> None:
    body = OTA.replace("vdd", "vin").replace("nch", "sky130_fd_pr__nfet_01v8").replace("pch", "sky130_fd_pr__pfet_01v8")
    text = "* extracted\n" + "\n".join(f"X{line.replace('W=10u L=1u', 'w=10e6u l=1e6u')}" for line in body.splitlines())
    problem = drafted(tmp_path, text.replace("W=5u L=1u", "w=5e6u l=1e6u").replace(" ib ", " bias ") + "\n")
    assert {"vin", "inp", "inn", "out", "bias", "vss"} <= set(problem.netlist.subcircuits["circuit"].ports)


def test_a_command_file_is_read_as_part_of_the_deck(tmp_path: Path) -> None:
    sources = "* stimuli\n.param vsup=1.8\nVdd vdd 0 1.8\nVp inp 0 0.9 ac 1\nVn inn 0 0.9\nI1 0 ib 7u\n"
    (tmp_path / "commands.spice").write_text(f"{sources}.control\nac dec 10 1 1g\nshell rm -rf x\n.endc\n")
    problem = drafted(tmp_path, f"{MODELS}{OTA.replace('vss', '0')}.include commands.spice\n.end\n")
    assert problem.corners[0].vdd == 1.8 and "ib: {current: 7u}" in problem.text
