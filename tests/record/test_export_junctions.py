"""The junctions of a layout on devices that did not change: written as simulated, said, and left out on demand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eda_agent.cli.main import main
from eda_agent.problem.draft import read_circuit, write_draft
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec import Problem
from eda_agent.record.export import netlist_diff, only_drawn, sized_netlist

N, P = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8"
OTA = f"""* OTA
.param wp=4
.subckt ota inp inn out ib vdd vss
XM1 d1 inp t vss {N} W=5 L=0.5
XM2 out inn t vss {N} W=5 L=0.5
XM3 d1 d1 vdd vdd {P} W=wp L=0.5
XM4 out d1 vdd vdd {P} W=wp L=0.5
XM5 t ib vss vss {N} W=2 L=1 m=4
XM6 ib ib vss vss {N} W=2 L=1 m=1 ad=0.1 as=0.1 pd=1 ps=1
.ends
"""


@pytest.fixture
def problem(tmp_path: Path) -> Problem:
    (tmp_path / "c.spice").write_text(OTA)
    (tmp_path / "spec.yaml").write_text(write_draft(read_circuit(tmp_path / "c.spice", tmp_path), "c.spice"))
    loaded = load_problem(tmp_path / "spec.yaml")
    assert loaded.layout is not None and loaded.layout.diffusion is not None
    return loaded


def changed(diff: str) -> set[str]:
    return {match[1] for match in re.finditer(r"(?m)^\+(XM\d)", diff)}


def test_without_junctions_only_what_changed_is_written(problem: Problem) -> None:
    sizing = {**problem.space.initial, "XM1.w": 7e-6}
    diff = netlist_diff(problem, sizing, drawn=False)
    # the last has junctions of its own, which are those of its drawing
    assert changed(diff) == {"XM1", "XM2", "XM6"} and "nf=" not in diff
    assert f"+XM1 d1 inp t vss {N} W=7 L=0.5\n" in diff
    assert "ad=" in sized_netlist(problem, sizing) and sized_netlist(problem, sizing, drawn=False).count("ad=") == 1


def test_the_devices_that_only_the_layout_changes_are_named(problem: Problem) -> None:
    sizing = {**problem.space.initial, "XM1.w": 7e-6}
    assert only_drawn(problem, sizing) == ["XM3", "XM4", "XM5"]
    assert only_drawn(problem, {**problem.space.initial, "wp": 6e-6}) == ["XM1", "XM2", "XM5"]


def test_export_says_so(tmp_path: Path, problem: Problem, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "first.jsonl"
    script.write_text('{"sizing": {"XM1.w": "7u"}}\n')
    options = ["--policy", "scripted", "--script", str(script), "--budget", "1", "--out", str(tmp_path / "run")]
    main(["size", str(tmp_path), *options])
    capsys.readouterr()
    assert main(["export", str(tmp_path / "run"), "--turn", "1", "--diff"]) == 0
    shown = capsys.readouterr()
    assert changed(shown.out) == {f"XM{k}" for k in range(1, 7)}
    assert "! XM3, XM4, XM5: sizes unchanged" in shown.err and "--sizes-only" in shown.err
    assert main(["export", str(tmp_path / "run"), "--turn", "1", "--diff", "--sizes-only"]) == 0
    shown = capsys.readouterr()
    assert changed(shown.out) == {"XM1", "XM2", "XM6"} and "unchanged" not in shown.err
