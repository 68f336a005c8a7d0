"""Fully differential amplifiers: what sets the common mode of their outputs is read from the connections."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eda_agent.errors import InputError
from eda_agent.problem.draft.answers import Answers
from eda_agent.problem.draft.circuit import Draft, read_circuit
from eda_agent.problem.load import load_problem
from eda_agent.problem.load_testbench import NO_PORT

MODELS = """* a demonstration process
.model nch nmos level=1 vto=0.5 kp=200u lambda=0.05 tox=8n
.model pch pmos level=1 vto=-0.5 kp=80u lambda=0.05 tox=8n
"""
CORE = """M0 ib ib vss vss nch W=10u L=1u
M5 t ib vss vss nch W=20u L=1u
M1 {n} inp t vss nch W=20u L=0.5u
M2 {p} inn t vss nch W=20u L=0.5u
"""
LOADS = """M3 {n} {c} vdd vdd pch W=20u L=1u
M4 {p} {c} vdd vdd pch W=20u L=1u
"""
ERROR = """M6 t2 ib vss vss nch W=10u L=1u
M7 cm vocm t2 vss nch W=5u L=0.5u
M8 d s t2 vss nch W=5u L=0.5u
M9 cm cm vdd vdd pch W=5u L=1u
M10 d d vdd vdd pch W=5u L=1u
"""
SENSE = "R1 outp s 500k\nR2 outn s 500k\n"
FOUR = """M6 t2 ib vss vss nch W=10u L=1u
M16 t3 ib vss vss nch W=10u L=1u
M7 d outp t2 vss nch W=5u L=0.5u
M8 cm vref t2 vss nch W=5u L=0.5u
M17 d outn t3 vss nch W=5u L=0.5u
M18 cm vref t3 vss nch W=5u L=0.5u
M9 cm cm vdd vdd pch W=5u L=1u
M10 d d vdd vdd pch W=5u L=1u
"""
TRIODE = """M1 outn inp t vss nch W=20u L=0.5u
M2 outp inn t vss nch W=20u L=0.5u
M5 t b x vss nch W=20u L=1u
M6 x outp vss vss nch W=20u L=0.5u
M7 x outn vss vss nch W=20u L=0.5u
M3 outn pb vdd vdd pch W=20u L=1u
M4 outp pb vdd vdd pch W=20u L=1u
"""
TWO = (
    (CORE + LOADS).format(n="a", p="b", c="cm")
    + """M11 outp a vdd vdd pch W=40u L=0.5u
M12 outn b vdd vdd pch W=40u L=0.5u
M13 outp ib vss vss nch W=40u L=1u
M14 outn ib vss vss nch W=40u L=1u
C1 a outp 1p
C2 b outn 1p
"""
)
AT_OUT = (CORE + LOADS).format(n="outn", p="outp", c="cm")
INPUTS = "inp inn outp outn"
KINDS = {
    "sensed": (f"{INPUTS} vocm ib vdd vss", AT_OUT + SENSE + ERROR, {"vocm": "vocm", "control": NO_PORT, "cmfb": "cm"}),
    "four pairs": (f"{INPUTS} vref ib vdd vss", AT_OUT + FOUR, {"vocm": "vref", "control": NO_PORT, "cmfb": "cm"}),
    "port": (f"{INPUTS} cm ib vdd vss", AT_OUT, {"vocm": NO_PORT, "control": "cm"}),
    "triode": (f"{INPUTS} b pb vdd vss", TRIODE, {"vocm": NO_PORT, "control": NO_PORT, "cmfb": "x"}),
    "resistors": (
        f"{INPUTS} ib vdd vss",
        CORE.format(n="outn", p="outp") + "R3 outn vdd 100k\nR4 outp vdd 100k\n",
        {"vocm": NO_PORT, "control": NO_PORT},
    ),
    "two stages": (f"{INPUTS} cm ib vdd vss", TWO, {"vocm": NO_PORT, "control": "cm"}),
}  # fmt: skip


def read(folder: Path, ports: str, body: str, answers: Answers | None = None) -> Draft:
    (folder / "fda.spice").write_text(f"{MODELS}.subckt fda {ports}\n{body}.ends\n")
    return read_circuit(folder / "fda.spice", folder, answers=answers)


@pytest.mark.parametrize("name", KINDS)
def test_what_sets_the_common_mode_is_recognised(name: str, tmp_path: Path) -> None:
    ports, body, wanted = KINDS[name]
    draft = read(tmp_path, ports, body)
    kind = draft.kind
    assert kind.name == "fully differential amplifier", (kind, draft.doubts)
    signals = {"inp": "inp", "inn": "inn", "outp": "outp", "outn": "outn"}
    assert {**kind.ports} == {**signals, **wanted, "vdd": "vdd", "vss": "vss"}
    benches = {bench.template: bench for bench in kind.benches}
    assert ("common_mode_loop" in benches) == (name != "resistors")
    # a second stage turns the sign of the control
    assert benches["differential_loop"].settings.get("cm_sign") == ("-1" if name == "two stages" else None)
    assert ("output_cm_error" in benches["differential_loop"].metrics) == (name not in {"triode", "resistors"})


def test_outputs_that_are_named_the_other_way_are_told_apart(tmp_path: Path) -> None:
    ports, body, _ = KINDS["sensed"]
    swapped = body.replace("M1 outn", "M1 x").replace("M2 outp", "M2 outn").replace("M1 x", "M1 outp")
    draft = read(tmp_path, ports, swapped)
    assert draft.kind.ports["outp"] == "outn" and any("OUTN is the positive output" in word for word in draft.noticed)


def test_an_output_without_common_mode_asks_and_takes_an_answer(tmp_path: Path) -> None:
    # two ports hold gates, and no name tells which of them is the control
    body = AT_OUT.replace(" cm vdd", " up vdd").replace("M0 ib ib vss vss nch W=10u L=1u\n", "")
    ports = f"{INPUTS} ib up vdd vss"
    asked = read(tmp_path, ports, body)
    assert asked.kind.name == "" and any("what sets the common mode" in doubt for doubt in asked.doubts)
    told = read(tmp_path, ports, body, Answers(kind="fully differential amplifier", ports={"control": "up"}))
    assert told.kind.ports["control"] == "up" and "common_mode_loop" in {one.template for one in told.kind.benches}


def test_a_net_inside_is_reached_through_instances_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    error = ".subckt err sum vocm ib cm vdd vss\n" + ERROR.replace(" s t2", " sum t2") + ".ends\n"
    # the core's gates hang on a net of the instance, which its port leads to
    core = AT_OUT + SENSE + "Xe s vocm ib cm vdd vss err\n"
    (tmp_path / "fda.spice").write_text(
        f"{MODELS}{error}.subckt fda {INPUTS} vocm ib vdd vss\n{core}.ends\n".replace("Xe s", "Xe s", 1)
    )
    spec = (
        "circuit: fda.spice\nsubckt: fda\npdk: own\nports: {control: none, cmfb: NET}\nbias: {ib: {current: 5u}}\n"
        "parameters:\n  M5.w: {min: 1u, max: 80u}\ntestbenches:\n  common: {template: common_mode_loop}\n"
        "specs:\n  cm_gbw: {testbench: common, minimum: 1M}\n"
        "corners:\n  nominal: {process: tt, vdd: 3, temperature: 27}\n"
    )
    (tmp_path / "spec.yaml").write_text(spec.replace("NET", "xe.t2"))
    assert re.search(r"Gcut 0 xdut\.xe\.t2 second", load_problem(tmp_path).testbenches["common"].deck)
    (tmp_path / "spec.yaml").write_text(spec.replace("NET", "nowhere"))
    with pytest.raises(InputError, match="fda has no net 'nowhere'"):
        load_problem(tmp_path)
