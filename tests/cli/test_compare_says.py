"""`compare` says in what two runs differ and which values it shows."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from eda_agent.cli.main import main

from ..conftest import ROOT

OTA = ROOT / "tests" / "fixtures" / "run" / "ota"


def test_other_circuits_pdks_and_corners_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = (shutil.copytree(OTA, tmp_path / name) for name in ("one", "other"))
    assert main(["compare", str(one), str(other)]) == 0
    out = capsys.readouterr().out
    assert "!" not in out and "best turn in its worst corner" in out
    journal, spec = other / "journal.jsonl", other / "spec.yaml"
    text = journal.read_text().replace('"fast"', '"hot"')
    assert text.count('"problem":"ota_5t"') == 1
    journal.write_text(text.replace('"problem":"ota_5t"', '"problem":"mirror"'))
    (one / "spec.yaml").write_text("pdk: sky130A\n")
    spec.write_text("pdk: gf180mcuD\n")
    assert main(["compare", str(one), str(other)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "! the circuits differ: ota_5t and mirror",
        "! the PDKs differ: sky130A and gf180mcuD",
        "! the corners differ: nominal, slow, fast and nominal, slow, hot",
    ]
    assert main(["compare", str(one), str(other), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["remarks"]) == 3
