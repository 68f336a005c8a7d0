"""The text for a bug report says what helps and nothing of whose machine it is."""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys
from pathlib import Path

from eda_agent.cli.commands.doctor import bug_report

CANARY = "canary-4711"


def doctor(*options: str, **environment: str) -> str:
    command = [sys.executable, "-m", "eda_agent", "doctor", *options]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    ).stdout


def test_a_report_without_secrets(tmp_path: Path) -> None:
    home = tmp_path / "Ada Lovelace" / CANARY
    home.mkdir(parents=True)
    told = doctor(
        "--report",
        HOME=str(home),
        EDA_AGENT_CACHE=str(home / "a cache"),
        OPENAI_API_KEY=CANARY,
        MY_TOKEN=CANARY,
        HTTPS_PROXY=f"http://u:{CANARY}@h:1",
        PDK_ROOT=str(home / "pdks"),
        OPENAI_BASE_URL=f"https://{CANARY}.example/v1",
    )
    assert "Lovelace" not in told and CANARY not in told and "MY_TOKEN" not in told
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "PDK_ROOT"):
        assert name in told
    for row in json.loads(doctor("--json"))["checks"]:
        assert f"| {row['name']} |" in told
    assert "ngspice" in told and "numpy" in told


def test_whatever_stands_in_a_row() -> None:
    rows = [
        {
            "name": "one",
            "ok": True,
            "needed": False,
            "fix": "",
            "found": f"SKY130: /home/{getpass.getuser()}/x y/sky130.lib | more",
        },
        {
            "name": "two",
            "ok": False,
            "needed": True,
            "fix": "",
            "found": f"by {getpass.getuser()}\x1b[31m on {os.uname().nodename}",
        },
    ]
    told = bug_report(rows)
    assert "| ok | one | SKY130: …/sky130.lib   more |" in told
    assert "**missing**" in told and "\x1b" not in told
    if len(getpass.getuser()) > 2:
        assert getpass.getuser() not in told
    if len(os.uname().nodename) > 2:
        assert os.uname().nodename not in told
