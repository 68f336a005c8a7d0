"""Every refusal of the server and of the command line says what to do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from eda_agent.cli.main import main
from eda_agent.errors import InputError
from eda_agent.record.journal import WORDS
from eda_agent.server.confined import Root
from eda_agent.server.registry import call

from ..conftest import CIRCUITS


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(CIRCUITS / "ota_5t", tmp_path / "amp")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "given", "fix"),
    [
        ("check", {"target": "amd"}, "did you mean amp?"),
        ("check", {"target": "nothing"}, "relative to the root"),
        ("check", {"target": "a\0b"}, "below the root"),
        ("check", {}, "give target: string (spec.yaml or its folder"),
        ("check", {"goal": "amp"}, "it takes target"),
        ("check", {"target": []}, "give string"),
        ("chek", {}, "did you mean check?"),
        ("hurry", {}, "the tools are init, check"),
        ("size", {"target": "amp", "budget": 0}, "a number from 1 to 1000000"),
        ("size", {"target": "amp", "budget": "many"}, "give integer (simulations in all"),
        ("size", {"target": "amp", "guard": 3}, "a number such as 0.5"),
        ("size", {"target": "amp", "policy": "trusty"}, "did you mean trust?"),
        ("size", {"target": "amp", "sizings": [{}] * 17}, "give at most 16"),
        ("size", {"target": "amp", "sizings": [{"W12": "abc"}]}, "such as"),
        ("run", {"run": "new", "do": "command", "command": {"do": "pase"}}, "did you mean pause?"),
        ("run", {"run": "new", "do": "command", "command": {}}, '{"do": "stop"}'),
        ("run", {"run": "new", "do": "command", "command": {"do": "spend"}}, "give simulations: a whole number"),
        ("run", {"run": "new", "do": "command", "command": {"do": "hint", "text": 3}}, "give text"),
        ("run", {"run": "new", "do": "command", "command": {"do": "stop", "now": 1}}, "it has no fields"),
    ],
)
def test_the_server_says_what_to_do(name: str, given: dict[str, Any], fix: str, root: Path) -> None:
    (root / "new").mkdir()
    (root / "new" / WORDS).touch()
    with pytest.raises(InputError) as error:
        call(name, Root.at(root), given)
    for finding in error.value.findings:
        assert fix in finding.fix, str(finding)


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        (("size", "amp", "--policy", "scripted", "--script", "nope"), "check the path of --script"),
        (("sim",), "give a spec, or a run"),
        (("sim", "amp", "--set", "W12=abc"), "such as"),
        (("sim", "amp", "--set", "W12=nan"), "such as"),
        (("sim", "amp", "--batch", "nope"), "check the path of --batch"),
        (("check", "latin.yaml"), "UTF-8"),
        (("init", "nul.spice"), "as text"),
        (("show", "empty"), "--resume"),
        (("runs", "nope"), "name a folder"),
        (("runs", "amq"), "did you mean amp?"),
    ],
)
def test_the_command_line_says_what_to_do(
    words: tuple[str, ...], fix: str, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    (root / "latin.yaml").write_bytes("name: ö\n".encode("latin-1"))
    (root / "nul.spice").write_bytes(b"* a\n.subckt a b\n\0\n.ends\n")
    (root / "empty").mkdir()
    (root / "empty" / "journal.jsonl").touch()
    assert main([*words, "--json"]) == 2
    found = json.loads(capsys.readouterr().out)["error"]["findings"]
    assert found and all(fix in finding["fix"] for finding in found), found
