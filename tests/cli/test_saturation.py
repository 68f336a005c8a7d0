"""A result whose devices leave saturation says so in every view of the run, without a spec that forbids it; one with
such a spec is not met.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.tui.view import describe

from ..conftest import ROOT
from ..within import run

CIRCUIT = """* five transistors; the common mode leaves the tail too little
.subckt ota inp inn out vdd vss ib
M1 n1 inp tail vss nmos w=2u l=0.2u
M2 out inn tail vss nmos w=2u l=0.2u
M3 n1 n1 vdd vdd pmos w=2u l=0.2u
M4 out n1 vdd vdd pmos w=2u l=0.2u
M5 tail ib vss vss nmos w=1u l=0.4u m=2
M6 ib ib vss vss nmos w=1u l=0.4u
.ends
"""
SPEC = """circuit: c.spice
subckt: ota
pdk: ptm45
parameters: {M5.m: {min: 1, max: 2}}
bias: {ib: {current: 5u}}
testbenches: {loop: {template: opamp_open_loop, vcm: 0.45}}
specs:
  dc_gain: {unit: dB, minimum: 10}
corners: {nominal: {process: tt, vdd: 1.0, temperature: 27}, low: {process: tt, vdd: 0.9, temperature: 27, vcm: 0.4}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saturation")
    (folder / "c.spice").write_text(CIRCUIT)
    (folder / "spec.yaml").write_text(SPEC)
    return folder


def test_every_view_of_the_run_says_what_leaves_saturation(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = run("size", str(folder), "--policy", "random", "--budget", "1", "--workers", "1", "--out", str(out))
    assert done.returncode == 0, done.stderr
    state = fold(read_journal(out / "journal.jsonl"))
    assert state.started["saturated"] == ["m1", "m2", "m3", "m4", "m5", "m6"]
    rows = state.verified["left_saturation"]
    # `sim` measures the same device in the same corner with a spec of its own
    (folder / "asked.yaml").write_text(
        SPEC.replace("\ncorners:", "\n  tail: {metric: saturation_margin, devices: m5, minimum: 0}\ncorners:")
    )
    asked = json.loads(run("sim", str(folder / "asked.yaml"), "--json").stdout)
    margin = asked["values"]["low"]["tail"]
    assert margin < 0 and asked["specs"]["tail"]["why"] == "m5" and not asked["met"]
    assert [(row["device"], row["corner"], row["region"]) for row in rows] == [("m5", "low", "triode")]
    assert rows[0]["short"] == pytest.approx(-margin, rel=5e-5)  # of five digits
    said = rows[0]["text"]
    assert re.fullmatch(r"m5 is out of saturation by [\d.]+ mV in low( \(and in 1 other\))?", said)
    assert said in " ".join(done.stderr.split())
    assert f"! {said}" in run("show", str(out)).stdout
    assert said in describe(state)
    page = tmp_path / "page.html"
    assert run("report", str(out), "--out", str(page)).returncode == 0 and said in page.read_text()
    sys.path.insert(0, str(ROOT / "plugins" / "klayout" / "python"))
    try:
        from eda_agent_klayout.stream import Run
    finally:
        sys.path.pop(0)
    plugin = Run()
    for event in read_journal(out / "journal.jsonl"):
        plugin.apply(event)
    assert said in plugin.warnings


def test_a_spec_forbids_it(folder: Path, tmp_path: Path) -> None:
    (folder / "strict.yaml").write_text(
        SPEC.replace("\ncorners:", "\n  on: {region: saturation, devices: '*'}\ncorners:")
    )
    done = run(
        "size",
        str(folder / "strict.yaml"),
        "--policy",
        "random",
        "--budget",
        "1",
        "--workers",
        "1",
        "--out",
        str(tmp_path / "run"),
    )
    assert done.returncode == 1 and re.search(
        r"^on +≥ 0 V .*✗ fail \(m5\)|^on +≥ 0 V .*~ near \(m5\)", done.stderr, re.MULTILINE
    )


def test_a_device_that_a_spec_wants_in_triode_is_not_complained_of(folder: Path, tmp_path: Path) -> None:
    (folder / "triode.yaml").write_text(
        SPEC.replace("\ncorners:", "\n  on: {region: triode, devices: M5, corners: [low]}\ncorners:")
    )
    done = run(
        "size",
        str(folder / "triode.yaml"),
        "--policy",
        "random",
        "--budget",
        "1",
        "--workers",
        "1",
        "--out",
        str(tmp_path / "run"),
    )
    assert done.returncode == 0 and "out of saturation" not in done.stderr


def test_check_shows_which_devices_a_spec_means(folder: Path) -> None:
    (folder / "check.yaml").write_text(
        SPEC.replace("\ncorners:", "\n  on: {region: saturation, devices: [role: input pair, m5]}\ncorners:")
    )
    done = run("check", str(folder / "check.yaml"))
    assert done.returncode == 0 and "on: m1 m2 m5, operating point of loop" in done.stdout
