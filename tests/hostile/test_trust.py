"""Where a layer of the sandbox is missing the user hears of it, and files from elsewhere are not simulated."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eda_agent.errors import MissingError
from eda_agent.problem.load import load_problem
from eda_agent.run.trust import UNTRUSTED, check_trust, warning

WHOLE = ["no capabilities", "landlock 7", "seccomp"]


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    shutil.copytree("circuits/ota_5t", tmp_path / "ota")
    return tmp_path / "ota" / "spec.yaml"


def _run(*words: str, sandbox: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != UNTRUSTED}
    return subprocess.run(
        [sys.executable, "-m", "eda_agent", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**environment, "EDA_AGENT_SANDBOX": sandbox},
    )


def test_the_first_line_of_a_run_says_what_is_open(spec: Path, tmp_path: Path) -> None:
    done = _run("size", str(spec), "--budget", "1", "--policy", "random", "--out", str(tmp_path / "run"), sandbox="0")
    assert done.returncode in {0, 1}
    first = done.stderr.splitlines()[0]
    assert (
        first.startswith("! simulators are not confined: a compromised one could") and "read the user's files" in first
    )
    refused = _run("--untrusted", "size", str(spec), "--out", str(tmp_path / "other"), sandbox="0")
    assert (
        refused.returncode == 3
        and "files from elsewhere would be simulated" in refused.stderr
        and "--trusted" in refused.stderr
    )
    assert not (tmp_path / "other" / "journal.jsonl").exists()
    assert _run("--untrusted", "sim", str(spec), sandbox="0").returncode == 3


def test_a_whole_sandbox_needs_no_words(monkeypatch: pytest.MonkeyPatch, spec: Path) -> None:
    assert warning(WHOLE) == ""
    monkeypatch.setenv(UNTRUSTED, "1")
    check_trust(load_problem(spec), WHOLE)


def test_files_of_somebody_else(monkeypatch: pytest.MonkeyPatch, spec: Path) -> None:
    monkeypatch.delenv(UNTRUSTED, raising=False)
    problem = load_problem(spec)
    check_trust(problem, WHOLE[:2])
    monkeypatch.setattr(os, "getuid", lambda: spec.stat().st_uid + 1)
    check_trust(problem, WHOLE)
    with pytest.raises(MissingError, match="belongs to another user"):
        check_trust(problem, WHOLE[:2])
    monkeypatch.setenv(UNTRUSTED, "0")
    check_trust(problem, WHOLE[:2])
