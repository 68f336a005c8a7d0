"""The scripts of a CACE datasheet run with the user's consent alone, in a process of their own, within a time limit."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from eda_agent.cli import main
from eda_agent.errors import InputError
from eda_agent.problem.load import load_problem
from eda_agent.problem.load_measures import ALLOW
from eda_agent.problem.spec_schema import spec_schema
from eda_agent.run.evaluate_once import open_evaluator
from eda_agent.simulation import own_script
from tests.cace.test_cace import DC, SHEET, STAGE

SCRIPTED = """  swing:
    spec:
      share: {maximum: {value: 0.9}}
      vmid: {unit: mV, minimum: {value: 10}}
    tool:
      ngspice:
        template: dc.sch
        variables: [vmid, null, headroom]
        script: swing.py
        script_variables: [share]
    conditions:
      vdd: {minimum: 1.7, typical: 1.8, maximum: 1.9}
"""
SCRIPT = """import numpy as np

def postprocess(results, conditions):
    print('results', results)  # what is printed is no answer
    open('cace/scripts/share.csv', 'a').write(f"{results['vmid'][0]}\\n")
    assert conditions['corner'] == 'tt' and conditions['temperature'] == 27 and conditions['cl'] == 1e-12
    return {'share': np.array(results['vmid']) / conditions['vdd']}
"""


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    text = SHEET[: SHEET.index("  dc_params:")] + SCRIPTED
    files = {
        "cace/stage.yaml": text, "cace/templates/dc.spice": DC, "cace/scripts/swing.py": SCRIPT,
        "netlist/schematic/stage.spice": STAGE,
    }  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path / "cace" / "stage.yaml"


def message(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def drafted(sheet: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # the command line sets it for its own process
    monkeypatch.setenv(ALLOW, "0")
    assert main(["--allow-code", "init", str(sheet)]) == 0
    return sheet.parent / "eda-agent" / "spec.yaml"


def test_without_consent_nothing_runs(
    sheet: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = drafted(sheet, monkeypatch)
    jsonschema.validate(yaml.safe_load(spec.read_text(encoding="utf-8")), spec_schema())
    monkeypatch.delenv(ALLOW)
    with pytest.raises(InputError, match="runs a program that the spec names"):
        load_problem(spec)
    capsys.readouterr()
    assert main(["init", str(sheet), "--force"]) == 2
    said = message(capsys)
    assert "computed by a script" in said and "read swing.py, then add --allow-code" in said


def test_a_script_computes_a_spec_and_its_results_go_back(
    sheet: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = drafted(sheet, monkeypatch)
    run = sheet.parent.parent / "run"
    capsys.readouterr()
    main(["size", str(spec), "--budget", "2", "--policy", "random", "--out", str(run)])
    assert "swing.py runs with your rights, outside the sandbox" in message(capsys)
    # a run shows its own copy, whose script lies beside it
    assert (run / "swing.py").read_text() == SCRIPT
    assert main(["report", str(run), "--datasheet", str(sheet)]) == 0
    results = yaml.safe_load(sheet.read_text(encoding="utf-8"))["parameters"]["swing"]["results"]
    share, vmid = results["share"], results["vmid"]
    # by hand: the output over the supply of each corner
    assert share["typical"] == pytest.approx(vmid["typical"] * 1e-3 / 1.8, rel=1e-4)
    # its file was written in a folder of its own
    assert not (sheet.parent / "scripts" / "share.csv").exists()
    problem = load_problem(spec)
    with open_evaluator(problem, workers=1) as evaluator:
        values = evaluator.evaluate([problem.space.initial])[0].values
    assert len({corner.vdd for corner in problem.corners}) == 3
    for corner in problem.corners:
        assert values[corner.name]["share"] == pytest.approx(values[corner.name]["vmid"] / corner.vdd, rel=1e-9)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("raise ValueError('no bandwidth')", "swing.py: ValueError: no bandwidth"),
        ("import time; time.sleep(60)", "swing.py: it took longer than 2 s"),
        ("import os; os._exit(3)", "swing.py: it ended without an answer"),
        ("return {}", "swing.py gave no share"),
        ("return {'share': [1.0, 2.0]}", "swing.py gave 2 values of share, not one"),
        ("return {'share': float('nan')}", "the number is not finite"),
        ("raise SystemExit(1)", "swing.py: SystemExit: 1"),
    ],
)
def test_a_script_that_fails_gives_its_reason(
    body: str, why: str, sheet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = drafted(sheet, monkeypatch)
    (sheet.parent / "scripts" / "swing.py").write_text(f"def postprocess(results, conditions):\n    {body}\n")
    monkeypatch.setattr(own_script, "SECONDS", 2.0)
    problem = load_problem(spec)
    with open_evaluator(problem, workers=1) as evaluator:
        found = evaluator.evaluate([problem.space.initial], ["nominal"])[0]
    assert found.values["nominal"]["share"] is None and found.reasons["nominal", "share"] == why
    assert found.values["nominal"]["vmid"] is not None
