"""The name of a shipped circuit stands for its folder where no such file exists."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eda_agent.cli.main import main
from eda_agent.problem.load import load_problem
from eda_agent.problem.shipped import shipped_circuits

from ..conftest import CIRCUITS


def test_every_shipped_circuit_has_its_name() -> None:
    assert {name: folder.resolve() for name, folder in shipped_circuits().items()} == {
        spec.parent.name: spec.parent.resolve() for spec in CIRCUITS.glob("*/spec.yaml")
    }


def test_a_name_loads_the_shipped_circuit_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check", "ldo"]) == 0
    assert "ldo: " in (out := capsys.readouterr().out) and out.rstrip().endswith("eda-agent size ldo")
    assert main(["size", "ota_5t", "--budget", "1", "--policy", "random", "--out", "run", "--json"]) in {0, 1}
    assert json.loads(capsys.readouterr().out)["problem"] == "ota_5t"
    # the run knows where its spec stands: it is no changed one
    assert main(["sim", "ota_5t", "--from", "run", "--json"]) in {0, 1}
    assert "targets and corners" not in capsys.readouterr().err


def test_a_file_of_the_user_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (CIRCUITS / "ota_5t" / "spec.yaml").read_text()
    (tmp_path / "ldo").mkdir()
    (tmp_path / "ldo" / "ota_5t.spice").write_text((CIRCUITS / "ota_5t" / "ota_5t.spice").read_text())
    (tmp_path / "ldo" / "spec.yaml").write_text(text)
    assert load_problem("ldo").name == "ota_5t"


@pytest.mark.parametrize("command", ["size", "check", "sim", "mc", "sensitivity"])
def test_a_misspelt_name_is_answered_with_the_nearest(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([command, "ldoo"]) == 2
    assert "did you mean the shipped circuit ldo?" in capsys.readouterr().err
    assert main([command, "folder/ldo/spec.yml"]) == 2
    assert "check the path" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
