"""Targets that `init --corners` drafts hold in the worst corner: a step beyond the netlist's own value there."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.cli.main import main
from eda_agent.problem.draft import read_circuit
from eda_agent.problem.draft.collapsed_corners import own_collapsed
from eda_agent.problem.draft.extremes import gaps, spread_of
from eda_agent.problem.draft.own_results import Row
from eda_agent.problem.draft.saturation import saturation_line
from eda_agent.problem.draft.targets import ends_of, targets_of
from eda_agent.problem.load import load_problem
from eda_agent.problem.load_corners import named_set
from eda_agent.problem.spec import Problem
from eda_agent.run.drafted_targets import nominal_targets
from eda_agent.run.opening import with_corners

from ..conftest import ROOT
from ..within import run

FIXTURES = ROOT / "tests" / "fixtures"
STEP = 0.45


def drafted(folder: Path, netlist: str, *options: str) -> tuple[Problem, str]:
    assert main(["init", str(folder / netlist), "--yes", *options]) == 0
    return load_problem(folder / "spec.yaml"), (folder / "spec.yaml").read_text()


@given(st.floats(1e3, 1e9), st.lists(st.floats(1e3, 1e9), min_size=1, max_size=17), st.sampled_from(["gbw", "power"]))
def test_a_target_is_a_step_beyond_the_worst_corner(nominal: float, others: list[float], metric: str) -> None:
    sense = "minimum" if metric == "gbw" else "maximum"
    corners = {"nominal": {metric: nominal}, **{f"c{place}": {metric: value} for place, value in enumerate(others)}}
    spread = spread_of(corners, [metric])
    value, how = targets_of({metric: sense}, {metric: nominal}, STEP, spread)[metric]
    every = [nominal, *others]
    if metric == "gbw":
        # 1.2, then the nearest round number: these are up to 1.34 apart
        assert min(every) < value < 1.2 * 1.16 * min(every)
    else:
        # power may rise: the other targets cost some
        assert 1.7 * max(every) < value < 2.4 * max(every)
    assert how.startswith("now ")
    named = re.search(r" in (c\d+)$", how)
    if named:
        assert corners[named[1]][metric] == (min(every) if metric == "gbw" else max(every))


@given(st.lists(st.floats(0.5, 2.0), min_size=2, max_size=9))
def test_a_value_to_keep_has_bounds_around_every_corner(values: list[float]) -> None:
    corners = {f"c{place}": {"reference_voltage": value} for place, value in enumerate(values)}
    low, high = ends_of("reference_voltage", values[0], spread_of(corners, ["reference_voltage"]))
    assert low == pytest.approx(0.95 * min(values)) and high == pytest.approx(1.05 * max(values))


def test_a_corner_without_a_value_is_named_and_no_basis() -> None:
    corners: dict[str, dict[str, float | None]] = {
        "nominal": {"dc_gain": 40.0}, "slow": {"dc_gain": None}, "cold": {"dc_gain": -3.0}, "hot": {"dc_gain": None},
    }  # fmt: skip
    value, how = targets_of({"dc_gain": "minimum"}, {"dc_gain": 40.0}, STEP, spread_of(corners, ["dc_gain"]))["dc_gain"]
    (said,) = gaps(spread_of(corners, ["dc_gain"]))
    assert "dc_gain cannot be measured in slow and 1 more" in said
    assert not gaps(spread_of({"nominal": {"dc_gain": 40.0}}, ["dc_gain"]))
    assert (value, how) == (43.0, "now 40 dB, -3 dB in cold; no value in slow and 1 more")


def test_the_draft_of_a_textbooks_amplifier_holds_in_every_corner(tmp_path: Path) -> None:
    """Each target against the values that `sim` gives in all corners; then `size` reaches them together."""
    shutil.copy(FIXTURES / "textbook.spice", tmp_path)
    problem, text = drafted(tmp_path, "textbook.spice", "--corners", "signoff")
    # around the draft's own supply of 5 V
    assert not nominal_targets(problem)
    assert problem.corners == named_set("signoff", problem.pdk, 5.0) and len(problem.corners) == 5
    seen: dict[str, Any] = json.loads(run("sim", "spec.yaml", "--json", cwd=tmp_path).stdout)["specs"]
    checked = 0
    for spec in problem.specs:
        values = seen[spec.name]["corners"]
        (line,) = re.findall(rf"^  {spec.name}: .*# (now .*)$", text, re.MULTILINE)
        if (low := spec.minimum) is not None and spec.name not in {"phase_margin", "saturation"}:
            worst = min(values, key=lambda corner: values[corner])
            step = low - values[worst] if spec.name == "dc_gain" else low / values[worst]
            assert 2.4 < step < 3.6 if spec.name == "dc_gain" else 1 < step < 1.4, spec.name
        elif (high := spec.maximum) is not None:
            worst = max(values, key=lambda corner: values[corner])
            assert 0.7 < high / values[worst] < (2.4 if spec.name == "power" else 1), spec.name
        else:
            continue
        checked += 1
        assert f" in {worst}" in line, line
    assert checked >= 6
    sized = run("size", "spec.yaml", "--budget", "30", "--out", "run", cwd=tmp_path)
    assert (sized.returncode, "in every corner" in sized.stderr) == (0, True), sized.stderr[-2000:]
    assert "was drafted in its nominal corner" not in sized.stderr


def test_a_run_in_more_corners_than_the_draft_says_so(tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "textbook.spice", tmp_path)
    _, text = drafted(tmp_path, "textbook.spice")
    said = "spec.yaml was drafted in its nominal corner"
    signed = run("size", "spec.yaml", "--budget", "1", "--out", "run", "--corners", "signoff", cwd=tmp_path)
    assert said in signed.stderr and "--corners signoff --force" in signed.stderr
    # the drafted margin of a device says nothing of other corners
    assert "its saturation counts in the nominal one alone" in signed.stderr
    problem = with_corners(load_problem(tmp_path / "spec.yaml"), "signoff")
    assert {spec.name: spec.corners for spec in problem.specs}["saturation"] == ("nominal",)
    assert {spec.corners for spec in problem.specs if spec.name != "saturation"} == {()}
    spec = tmp_path / "spec.yaml"
    assert not nominal_targets(load_problem(spec))
    # further corners in the spec itself
    more = re.sub(r"^corners:\n.*\n", "corners: signoff\n", text, flags=re.MULTILINE)
    spec.write_text(more)
    assert nominal_targets(load_problem(spec))
    # targets of the user's own
    spec.write_text(re.sub(r"  # now .*", "", more))
    assert not nominal_targets(load_problem(spec))


DECK = """* a common-source stage and its testbench
.model nch nmos level=1 vto=0.7 kp=110u lambda=0.04
.subckt stage in out vdd vss
M1 out in vss vss nch W=10u L=1u
R1 vdd out 20k
.ends
Vdd vdd 0 3
Vin in 0 dc 1 ac 1
X1 in out vdd 0 stage
.control
op
let power = -v(vdd)*i(vdd)
print power
ac dec 5 10 10k
meas ac gain find vdb(out) at=100
.endc
.end
"""


def test_the_results_of_a_designers_deck_in_every_corner(tmp_path: Path) -> None:
    (tmp_path / "tb.spice").write_text(DECK)
    problem, text = drafted(tmp_path, "tb.spice", "--corners", "signoff")
    assert len(problem.corners) == 5
    seen = json.loads(run("sim", "spec.yaml", "--json", cwd=tmp_path).stdout)["specs"]
    gains, powers = seen["gain"]["corners"], seen["power"]["corners"]
    gain, power = (next(spec for spec in problem.specs if spec.name == name) for name in ("gain", "power"))
    assert gain.minimum == round(min(gains.values()) + 3) and len(set(gains.values())) > 1
    # the power of the highest supply, a step below it
    assert max(powers.values()) > 1.1 * powers["nominal"]
    assert power.maximum == pytest.approx(max(powers.values()) / 1.2, rel=0.16)
    assert re.search(r"gain: .*# now [\d.]+ dB, [\d.]+ dB in tt_", text)


def test_a_collapsed_bandwidth_of_a_designers_deck_is_no_basis() -> None:
    rows = {"tb": {"ugb": Row(20e6, "Hz", printed=True), "fosc_at": Row(1e6, "Hz", printed=True)}}
    seen = {"nominal": {"ugb": 20e6, "fosc_at": 1e6}, "ss": {"ugb": 3e6, "fosc_at": 1e3}, "sf": {"ugb": 723e3}}
    assert own_collapsed({"tb": seen}, rows) == {"sf": "ugb is 723 kHz"}


def test_a_datasheet_has_corners_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sheet.yaml").write_text("name: amp\nPDK: sky130A\ncace_format: 5.2\nparameters: {}\n")
    assert main(["init", str(tmp_path / "sheet.yaml"), "--corners", "signoff"]) == 2
    assert "a datasheet has corners of its own" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("margins", "expected", "nominal_alone"),
    [
        ([0.2, 0.032, 0.3], "minimum: 30m", False),
        ([0.2, -0.06, 0.3], "minimum: 50m", True),
        ([0.02, None, 0.3], "minimum: 20m", True),
        ([-0.1, -0.2, 0.3], "minimum: 0", False),
    ],
)
def test_saturation_over_the_corners(
    tmp_path: Path, margins: list[float | None], expected: str, nominal_alone: bool
) -> None:
    shutil.copy(FIXTURES / "textbook.spice", tmp_path)
    draft = read_circuit(tmp_path / "textbook.spice", tmp_path)
    corners = {name: {"saturation": value} for name, value in zip(("nominal", "slow", "fast"), margins, strict=True)}
    over = spread_of(corners, ["saturation"])["saturation"]
    line = saturation_line(draft, margins[0], measured=True, over=over) or ""
    assert f", {expected}" in line
    assert ("corners: [nominal]" in line) == nominal_alone
