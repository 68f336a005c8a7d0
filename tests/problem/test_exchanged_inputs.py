"""A bandgap's amplifier with exchanged inputs latches: it is named, and nothing that it measures is a target."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from eda_agent.problem.draft import Draft, read_circuit
from eda_agent.problem.draft.exchanged_inputs import exchanged_inputs
from eda_agent.run.drafting import NO_REFERENCE, draft_spec
from tests.problem.test_corner_targets import run

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
REST = f"""
XA u g vdd vdd {P} W=8 L=2 M=2
XB v g vdd vdd {P} W=8 L=2 M=2
XC ref g vdd vdd {P} W=8 L=2 M=2
XD k g vdd vdd {P} W=8 L=2 M=2
XE k k vss vss {N} W=2 L=2
XT tail k vss vss {N} W=2 L=2
X3 d d vdd vdd {P} W=4 L=1
XQ1 vss vss u sky130_fd_pr__pnp_05v5_W3p40L3p40 m=1
XQ2 vss vss e sky130_fd_pr__pnp_05v5_W3p40L3p40 m=8
XS1 g s vss vss {N} W=1 L=1
XS2 s ref vss vss {N} W=1 L=1
XS3 s vss vdd vdd {P} W=0.42 L=20
R1 v e 5.4k
R2 u vss 54k
R3 v vss 54k
R4 ref vss 30k
"""
ONE_STAGE = f"X1 d {{plus}} tail vss {N} W=20 L=1\nX2 g {{minus}} tail vss {N} W=20 L=1\nX4 g d vdd vdd {P} W=4 L=1\n"
TWO_STAGES = (
    f"X1 d {{minus}} tail vss {N} W=20 L=1\nX2 y {{plus}} tail vss {N} W=20 L=1\nX4 y d vdd vdd {P} W=4 L=1\n"
    f"X5 g y vdd vdd {P} W=8 L=1\nX6 g k vss vss {N} W=2 L=2\n"
)


def netlist(folder: Path, amplifier: str, plus: str, minus: str) -> Path:
    path = folder / "c.spice"
    path.write_text(f".subckt c vdd vss ref\n{REST.strip()}\n{amplifier.format(plus=plus, minus=minus)}.ends\n")
    return path


def found_in(draft: Draft) -> list[str]:
    return exchanged_inputs(draft.structure, draft.netlist, draft.subckt, draft.pdk)


@pytest.mark.parametrize("amplifier", [ONE_STAGE, TWO_STAGES])
def test_only_exchanged_inputs_are_named(amplifier: str, tmp_path: Path) -> None:
    right, wrong = (
        found_in(read_circuit(netlist(tmp_path, amplifier, *inputs), tmp_path)) for inputs in (("v", "u"), ("u", "v"))
    )
    assert right == []
    assert len(wrong) == 1 and "X1 X2" in wrong[0].replace("X2 X1", "X1 X2") and "exchange u and v" in wrong[0]


def reference(spec: Path) -> str:
    (line,) = re.findall(r"^  reference_voltage: .*$", spec.read_text(), re.MULTILINE)
    return str(line)


def test_a_latched_reference_gives_no_targets(tmp_path: Path) -> None:
    """ngspice agrees with the connections: exchanged inputs latch, the others make a reference of about 0.6 V."""
    found = draft_spec(netlist(tmp_path, ONE_STAGE, "v", "u"), force=True)
    assert "now" in reference(Path(found["spec"])) and NO_REFERENCE not in found["noticed"]
    found = draft_spec(netlist(tmp_path, ONE_STAGE, "u", "v"), force=True)
    assert NO_REFERENCE in found["noticed"]
    assert "now" not in reference(Path(found["spec"]))
    assert not [value for value in found["measured"].values() if value is not None]


def test_init_and_check_fail_where_the_inputs_are_exchanged(tmp_path: Path) -> None:
    netlist(tmp_path, ONE_STAGE, "u", "v")
    drafted = run("init", "c.spice", cwd=tmp_path)
    assert drafted.returncode == 1 and "does not regulate" in drafted.stdout + drafted.stderr
    checked = run("check", "spec.yaml", cwd=tmp_path)
    assert checked.returncode == 1 and "exchange u and v" in checked.stdout and "ready" not in checked.stdout
    told = json.loads(run("check", "spec.yaml", "--json", cwd=tmp_path).stdout)
    assert told["ok"] is False and "latches" in told["wrong"][0]
    netlist(tmp_path, ONE_STAGE, "v", "u")
    assert run("init", "c.spice", "--force", cwd=tmp_path).returncode == 0
    assert run("check", "spec.yaml", cwd=tmp_path).returncode == 0


def test_check_repeats_what_a_draft_leaves_to_correct(tmp_path: Path) -> None:
    """A switched pair of unknown purpose: init fails, and check does until the user deletes the line."""
    (tmp_path / "c.spice").write_text(
        "* c\n.model n nmos level=1 vto=0.5\n.subckt c a b vdd vss\nM1 a b vss vss n w=2u l=1u\n"
        "M2 b a vss vss n w=2u l=1u\nM3 vdd vdd a vss n w=1u l=1u\n.ends\n"
    )
    assert run("init", "c.spice", "--yes", cwd=tmp_path).returncode == 1
    checked = run("check", "spec.yaml", cwd=tmp_path)
    assert checked.returncode == 1 and "spec.yaml:1: the purpose of the circuit is unknown" in checked.stdout
    spec = tmp_path / "spec.yaml"
    spec.write_text(spec.read_text().split("\n", 1)[1])
    checked = run("check", "spec.yaml", cwd=tmp_path)
    assert checked.returncode == 0 and "ready" in checked.stdout
