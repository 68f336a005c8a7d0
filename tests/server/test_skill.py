"""SKILL.md: every command of it parses, its way leads to a sized circuit, and it is installed where it is asked for."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import yaml

from eda_agent.cli.parser import build_parser

from ..conftest import CIRCUITS

SKILL = (files("eda_agent.server") / "SKILL.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```\n(.*?)```", SKILL, re.DOTALL)


def eda(*words: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "eda_agent", *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def test_it_has_the_head_that_agents_read() -> None:
    _, head, body = SKILL.split("---\n", 2)
    told = yaml.safe_load(head)
    assert told["name"] == "eda-agent" and 50 < len(told["description"]) < 1024
    assert len(body.split()) < 1500


def test_its_commands_and_options_exist() -> None:
    parser = build_parser()
    found = [
        line.partition(" #")[0] for block in BLOCKS for line in block.splitlines() if line.startswith("eda-agent ")
    ]
    assert {line.split()[1] for line in found} >= {
        "init",
        "check",
        "sim",
        "sensitivity",
        "size",
        "show",
        "export",
        "mc",
    }
    for line in found:
        parser.parse_args(shlex.split(line)[1:])
    everything = subprocess.run(
        [sys.executable, "-m", "eda_agent", "init", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for option in re.findall(r"`(--[a-z]+)", SKILL):
        assert option in everything or option in {"--json", "--resume", "--memory"}, option


def test_its_way_sizes_a_circuit(tmp_path: Path) -> None:
    """The blocks are run as they are, on a bare netlist and with names of its own sizes."""
    shutil.copy(CIRCUITS / "ota_5t" / "ota_5t.spice", tmp_path / "amp.spice")
    own = {"W1": "W12", "mt": "mt"}
    (tmp_path / "eda-agent").write_text(f'#!/bin/sh\nexec {sys.executable} -m eda_agent "$@"\n')
    (tmp_path / "eda-agent").chmod(0o755)
    said = {}
    for number, block in enumerate(BLOCKS[:4]):
        script = re.sub(r'"(W1|mt)"', lambda name: f'"{own[name[1]]}"', block)
        done = subprocess.run(
            ["sh", "-c", f'PATH="{tmp_path}:$PATH"; {script}'],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=250,
            check=False,
        )
        assert "error" not in done.stdout.split('"message"')[0][:20], done.stdout
        said[number] = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    drafted, checked = said[0]
    assert drafted["kind"] and checked["ok"]
    assert len(said[2][0]["results"]) == 2
    first, last = said[3]
    assert first["simulations"] == 1 and first["policy"] == "scripted"
    assert last["run"] == first["run"] and last["policy"] == "auto" and last["score"] >= first["score"]


def test_it_is_installed_and_an_edited_one_is_kept(tmp_path: Path) -> None:
    place = tmp_path / ".claude" / "skills" / "eda-agent" / "SKILL.md"
    assert eda("skill", "install", cwd=tmp_path).returncode == 0
    assert place.read_text() == SKILL == eda("skill", "show", cwd=tmp_path).stdout
    assert eda("skill", "install", cwd=tmp_path).returncode == 0
    place.write_text("mine")
    refused = eda("skill", "install", cwd=tmp_path)
    assert refused.returncode == 2 and "--force" in refused.stderr and place.read_text() == "mine"
    assert eda("skill", "install", "--force", "--dir", tmp_path / ".claude" / "skills", cwd=tmp_path).returncode == 0
    assert place.read_text() == SKILL
