"""A run that another policy has continued names both, in every view."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eda_agent.cli.main import main

from ..conftest import CIRCUITS


def test_show_names_every_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "run")
    spec = str(CIRCUITS / "ota_5t")
    common = ["--json", "--corners", "nominal"]
    assert main(["size", spec, "--policy", "random", "--budget", "1", "--out", folder, *common]) in {0, 1}
    first = json.loads(capsys.readouterr().out)
    assert first["policies"] == [{"name": "random", "from": 1}]
    assert main(["size", folder, "--resume", "--policy", "tpe", "--budget", "2", "--json"]) in {0, 1}
    told = json.loads(capsys.readouterr().out)
    main(["show", folder, "--json"])
    shown = json.loads(capsys.readouterr().out)
    assert told["policies"] == shown["policies"] == [{"name": "random", "from": 1}, {"name": "tpe", "from": 2}]
    assert told["policy"] == shown["policy"] == "tpe"
    main(["show", folder])
    assert "policy random, then tpe from turn 2 ·" in capsys.readouterr().out
