"""Analog switches are recognised by what their channels join, and circuits that only resemble them are not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from eda_agent.problem.draft.analog_switch import analog_switch
from eda_agent.problem.structure.circuit import Fet, Passive, Structure
from tests.run.test_kinds_signed_off import KINDS, MODELS
from tests.run.test_signoff_circuits import run


def nmos(name: str, drain: str, gate: str, source: str) -> Fet:
    return Fet(name, "nmos", drain, gate, source, "vss")


def pmos(name: str, drain: str, gate: str, source: str) -> Fet:
    return Fet(name, "pmos", drain, gate, source, "vdd")


INVERTER = [nmos("ni", "gb", "g", "vss"), pmos("pi", "gb", "g", "vdd")]
GATE = [nmos("n1", "y", "g", "a"), pmos("p1", "y", "gb", "a")]


def of(fets: list[Fet], ports: str, *passives: Passive) -> Structure:
    names = (*ports.split(), "vdd", "vss")
    return Structure(names, tuple(fets), passives, "vdd", "vss")


@pytest.mark.parametrize(
    ("fets", "ports", "roles"),
    [
        (GATE, "a y g gb", ("a", "y", "g", "gb")),
        ([*GATE, *INVERTER], "y a g", ("a", "y", "g", "none")),
        ([nmos("n1", "out", "g", "a")], "out a g", ("a", "out", "g", "none")),
        ([pmos("p1", "y", "g", "a")], "a y g", ("a", "y", "none", "g")),
        # the structure leaves out dummies: their gate is a port that nothing touches
        ([nmos("n1", "y", "g", "a")], "a y g gb", ("a", "y", "g", "gb")),
        # a T: two gates in series, whose middle is shorted while they are off
        ([nmos("n1", "m", "g", "a"), nmos("n2", "y", "g", "m"), nmos("n3", "m", "gb", "vss"), *INVERTER], "a y g",
         ("a", "y", "g", "none")),
    ],
)  # fmt: skip
def test_a_switch_has_its_sides_and_controls(fets: list[Fet], ports: str, roles: tuple[str, ...]) -> None:
    found = analog_switch(of(fets, ports))
    assert found is not None and tuple(found.ports[role] for role in ("in", "out", "en", "enb")) == roles


@pytest.mark.parametrize(
    ("fets", "ports", "passives"),
    [
        (INVERTER, "g gb", ()),
        # a common-gate stage
        ([nmos("n1", "y", "g", "a")], "a y g", (Passive("r", "r", ("y", "vdd")),)),
        # two current switches with one tail
        ([nmos("n1", "y", "g", "t"), nmos("n2", "a", "gb", "t")], "a y g gb", ()),
        # a side that is pulled to a rail while the switch is off
        ([nmos("n1", "y", "g", "a"), nmos("n2", "y", "gb", "vss")], "a y g gb", ()),
        # two enables in series: neither is the complement of the other
        ([nmos("n1", "m", "g", "a"), nmos("n2", "y", "gb", "m")], "a y g gb", ()),
        # a gate and its shunt at the same level: the sides are never apart
        ([nmos("n1", "y", "g", "a"), pmos("p1", "y", "g", "a")], "a y g", ()),
    ],
)
def test_what_is_no_switch(fets: list[Fet], ports: str, passives: tuple[Passive, ...]) -> None:
    assert analog_switch(of(fets, ports, *passives)) is None


def test_a_switch_of_one_type_is_asked_over_half_of_the_supply() -> None:
    found = analog_switch(of([nmos("n1", "y", "g", "a")], "a y g"))
    assert found is not None
    assert all(bench.settings["signal_high"] == "vdd/2" for bench in found.benches)


def test_controls_of_the_wrong_polarity_are_said(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(f"{MODELS}.subckt tgate {KINDS['tgate'].circuit}\n.ends\n")
    run(tmp_path, "init", "c.spice", "--supply", "3")
    draft = (tmp_path / "spec.yaml").read_text()
    assert "enb: none" in draft
    (tmp_path / "spec.yaml").write_text(draft.replace("enb: none", "en: none, enb: en"))
    command = [sys.executable, "-m", "eda_agent", "size", "spec.yaml", "--out", "run"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    said = " ".join((done.stdout + done.stderr).split())
    assert "does not conduct when it is on" in said and "conducts when it is off" in said


def test_the_kind_may_be_named_for_a_switch_with_only_the_complement(tmp_path: Path) -> None:
    (tmp_path / "c.spice").write_text(f"{MODELS}.subckt s x y g vdd\nM1 y g x vdd pch W=2u L=0.5u\n.ends\n")
    for words in ((), ("--kind", "switch")):
        run(tmp_path, "init", "c.spice", "--supply", "3", "--force", *words)
        draft = (tmp_path / "spec.yaml").read_text()
        assert {"in: x", "out: y", "en: none", "enb: g", "vss: none"} <= set(ports_of(draft)), draft


def ports_of(draft: str) -> list[str]:
    return re.findall(r"\w+: \w+", draft.split("\nports: {")[1].split("}")[0])
