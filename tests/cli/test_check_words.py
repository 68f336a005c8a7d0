"""What `check` says of a circuit's models and of what keeps it from being fast."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.cli.commands.check import remedy
from eda_agent.cli.main import main
from eda_agent.problem.load import load_problem
from eda_agent.problem.model_sources import model_sources

CIRCUITS = Path(__file__).parents[2] / "circuits"


def _spec(folder: Path, netlist: str, pdk: str, bias: str = "") -> Path:
    (folder / "c.spice").write_text(netlist)
    spec = folder / "spec.yaml"
    spec.write_text(
        f"name: c\ncircuit: c.spice\nsubckt: c\npdk: {pdk}\nparameters: {{M1.w: {{min: 1u, max: 50u}}}}\n"
        "testbenches: {loop: {deck: tb.spice, probes: {out: out}}}\n"
        "specs: {power: {testbench: loop, maximum: 1m}}\n"
        "corners: {nominal: {process: tt, vdd: 1.8, temperature: 27}}\n"
    )
    (folder / "tb.spice").write_text(
        "* tb\nVDD vdd 0 {vdd}\nVIN a 0 0.7\nXDUT a out vdd 0 c\nRL out vdd 10k\n.op\n.end\n"
    )
    return spec


MIXED = """* two libraries: a MOSFET and a capacitor with a file of its own
.subckt c a out vdd vss
XM1 out a vss vss sky130_fd_pr__nfet_01v8 W=5 L=0.5
XC1 out vss vss sky130_fd_pr__cap_vpp_04p4x04p6_m1m2_noshield
.ends
"""


def test_every_source_of_models_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = _spec(tmp_path, MIXED, "sky130A")
    sources = model_sources(load_problem(spec))
    assert len(sources) == 2 and sources[1].endswith("cap_vpp_04p4x04p6_m1m2_noshield.model.spice")
    assert main(["check", str(spec)]) == 0
    shown = capsys.readouterr().out
    assert all(source in shown for source in sources)


def test_own_cards_are_a_source(tmp_path: Path) -> None:
    netlist = ".model n nmos level=1 vto=0.5 kp=100u\n.subckt c a out vdd vss\nM1 out a vss vss n W=5u L=1u\n.ends\n"
    assert model_sources(load_problem(_spec(tmp_path, netlist, "own"))) == ("the netlist",)


def test_what_prevents_elaboration_has_a_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    netlist = ".global vdd\n" + MIXED
    assert main(["check", str(_spec(tmp_path, netlist, "sky130A"))]) == 0
    shown = capsys.readouterr().out
    assert "card .global prevents elaboration" in shown and "→ give its nets to every cell" in shown
    assert ".temp" in remedy("card .temp") and "arithmetic" in remedy("value of r1")
    assert "subcircuit" in remedy("device xdut.q1")


def test_a_deck_that_ngspice_does_not_accept_is_not_ready(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = _spec(
        tmp_path,
        ".subckt c a out vdd vss\nM1 out a vss vss n W=5u L=1u nfin=8\n.ends\n.model n nmos level=1\n",
        "ptm45",
    )
    deck = tmp_path / "tb.spice"
    deck.write_text(deck.read_text().replace(".op", ".op\n.ac dec 5 1k 1g"))
    assert main(["check", str(spec)]) == 1
    said = capsys.readouterr().out
    assert "testbench loop cannot be simulated: syntax" in said
    assert "nfin" in said
    assert "ready" not in said
    assert main(["check", str(spec), "--no-simulation"]) == 0


def test_init_fails_where_its_first_simulation_is_not_accepted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `check` refuses afterwards, `init` says at once."""
    (tmp_path / "c.spice").write_text(
        "* c\n.subckt c inp inn out vdd vss\nM1 x inp t vss n W=5u L=1u nfin=8\nM2 out inn t vss n W=5u L=1u nfin=8\n"
        "M3 x x vdd vdd p W=5u L=1u\nM4 out x vdd vdd p W=5u L=1u\nR1 t vss 20k\n.ends\n"
        ".model n nmos level=1\n.model p pmos level=1 vto=-0.5\n"
    )
    assert main(["init", str(tmp_path / "c.spice"), "--pdk", "own"]) == 1
    shown = capsys.readouterr()
    said = " ".join((shown.out + shown.err).split())
    assert "cannot be simulated: correct the line that ngspice names" in said and "nfin" in said
    assert "does not regulate" not in said
