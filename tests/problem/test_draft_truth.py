"""What a draft says of the netlist's own sizes is measured at these sizes; what must be equal is matched; it loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.run.drafting import draft_spec

MODELS = (
    ".model nch nmos level=1 vto=0.5 kp=200u gamma=0.45 phi=0.8 lambda=0.06 tox=8n cgso=0.3n cgdo=0.3n\n"
    ".model pch pmos level=1 vto=-0.55 kp=70u gamma=0.5 phi=0.8 lambda=0.08 tox=8n cgso=0.3n cgdo=0.3n\n"
)
OPAMP = """.subckt opa inp inn out ib vdd vss
.param Win=20u Lin=0.5u Wl=10u Ll=0.6u Wo=30u Lo=0.35u
M1 x inn tail vss nch W={Win} L={Lin} m=2
M2 y inp tail vss nch W={Win} L={Lin} m=2
M3 x x vdd vdd pch W={Wl} L={Ll}
M4 y x vdd vdd pch W={Wl} L={Ll}
M5 tail ib vss vss nch W=8u L=1u m=2
M6 out y vdd vdd pch W={Wo} L={Lo} m=2
M7 out ib vss vss nch W=8u L=1u m=6
M8 ib ib vss vss nch W=8u L=1u
Cc y out 1.2p
.ends
"""
PAIR = """.subckt pair inp inn out ib vdd vss
M1 x inp s1 vss nch W=20u L=0.5u
M2 y inn s2 vss nch W=20u L=0.5u
Re1 s1 tail 1k
Re2 s2 tail 1k
M5 tail ib vss vss nch W=5u L=1u m=4
M0 ib ib vss vss nch W=5u L=1u
R1 vdd x RIGHT
R2 vdd y 20k
M6 out x vdd vdd pch W=40u L=0.4u
M7 out ib vss vss nch W=5u L=1u m=8
.ends
"""
FOLLOWER = """.subckt tia1 in out vdd vss
M1 d in vss vss nch W=60u L=0.35u
RL vdd d 2k
M2 vdd d out vss nch W=40u L=0.35u
RS out vss 3k
RF in out 8k
.ends
"""
COMPARATOR = """.subckt hyst inp inn out ib vdd vss
M1 ib ib vss vss nch W=4u L=1u
M2 t ib vss vss nch W=8u L=1u
M3 x inp t vss nch W=10u L=0.5u
M4 y inn t vss nch W=10u L=0.5u
M5 x x vdd vdd pch W=4u L=0.5u
M6 y y vdd vdd pch W=4u L=0.5u
M7 x y vdd vdd pch W=6u L=0.5u
M8 y x vdd vdd pch W=6u L=0.5u
M9 z x vdd vdd pch W=8u L=0.5u
M10 z z vss vss nch W=4u L=0.5u
M11 out z vss vss nch W=4u L=0.5u
M12 out y vdd vdd pch W=8u L=0.5u
.ends
"""


def drafted(folder: Path, body: str, **options: object) -> Problem:
    (folder / "c.spice").write_text(f"* a circuit\n{MODELS}{body}", encoding="utf-8")
    draft_spec(folder / "c.spice", folder / "out", **options)  # type: ignore[arg-type]  # of the one call below
    return load_problem(folder / "out" / "spec.yaml")


def test_sizing_starts_at_the_sizes_that_stand_in_param_lines(tmp_path: Path) -> None:
    """The shortest length was read from plain numbers alone: 1 um here, three times the netlist's."""
    problem = drafted(tmp_path, OPAMP, simulate=False)
    start = {name.lower(): value for name, value in problem.space.initial.items()}
    assert (start["lin"], start["ll"], start["lo"]) == pytest.approx((0.5e-6, 0.6e-6, 0.35e-6))
    assert min(entry.minimum for entry in problem.space.parameters if entry.name.lower() == "lo") <= 0.35e-6


@pytest.mark.parametrize(("right", "groups"), [("20k", {("re1", "re2"), ("r1", "r2")}), ("18k", {("re1", "re2")})])
def test_resistors_on_both_sides_of_a_pair_are_matched(
    right: str, groups: set[tuple[str, str]], tmp_path: Path
) -> None:
    problem = drafted(tmp_path, PAIR.replace("RIGHT", right), simulate=False)
    assert {group for group in problem.groups if group[0].startswith("r")} == groups
    names = {entry.name for entry in problem.space.parameters}
    assert ("R2" in names) == (right == "18k") and "Re2" not in names and "RE2" not in names


def test_a_role_that_the_spec_does_not_know_is_written_by_name(tmp_path: Path) -> None:
    problem = drafted(tmp_path, FOLLOWER, simulate=False)
    (spec,) = [spec for spec in problem.specs if spec.devices]
    assert set(spec.devices) == {"m1", "m2"}


def test_a_comparator_whose_loads_switch_off_has_no_saturation_spec(tmp_path: Path) -> None:
    problem = drafted(tmp_path, COMPARATOR, simulate=False)
    assert {bench.template for bench in problem.testbenches.values()} == {"comparator_open"}
    assert not [spec for spec in problem.specs if spec.devices]
