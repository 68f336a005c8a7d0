"""The command line as a user meets it: a process with arguments, streams and an exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from eda_agent.agent.policies import chat_client
from eda_agent.cli.main import main
from eda_agent.record.schemas import schema
from tests.evidence import cases

from ..conftest import CIRCUITS

OTA = str(CIRCUITS / "ota_5t")


def run(*arguments: str, timeout: float = 120, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "140"}
    return subprocess.run(
        [sys.executable, "-m", "eda_agent", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment,
        check=False,
        **options,
    )  # type: ignore[call-overload,no-any-return]  # options pass through


@pytest.fixture(scope="module")
def sized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "ota"
    done = run("size", OTA, "--budget", "60", "--out", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["met"] is True
    assert summary["score"] == 1.0
    assert summary["stop"] == "met"
    assert {"run", "simulations", "turns", "policy", "seed", "sizing", "specs"} <= summary.keys()
    assert {"value", "target", "unit", "margin", "met", "worst_corner"} <= summary["specs"]["gbw"].keys()
    assert {path.name for path in folder.iterdir()} >= {"journal.jsonl", "spec.yaml", "best.json", "sized.spice"}
    return folder


def test_status_1_when_specs_are_not_met_and_a_table_for_people(tmp_path: Path) -> None:
    done = run("size", OTA, "--policy", "random", "--budget", "2", "--out", str(tmp_path / "run"))
    assert done.returncode == 1
    assert done.stdout == ""
    for word in ("dc_gain", "≥ 50 dB", "slow", "✗ fail", "input pair width", "not met", "sized.spice"):
        assert word in done.stderr, word


def test_events_are_json_lines_on_stdout(tmp_path: Path) -> None:
    done = run(
        "size",
        OTA,
        "--policy",
        "random",
        "--budget",
        "3",
        "--out",
        str(tmp_path / "run"),
        "--events",
        stdin=subprocess.DEVNULL,
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    types = [event["type"] for event in events]
    assert [kind for kind in types if kind != "log"][:3] == ["hello", "run.started", "baseline"]
    assert types[-1] == "run.finished"
    assert types.count("turn.proposed") == types.count("turn.evaluated") == 3
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert all(event["v"] == 1 and event["t"] > 1.7e9 for event in events)
    # the journal holds the very same lines
    assert done.stdout == (tmp_path / "run" / "journal.jsonl").read_text()


def test_a_control_line_stops_and_keeps_the_best(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "eda_agent",
            "size",
            OTA,
            "--policy",
            "random",
            "--budget",
            "5000",
            "--out",
            str(tmp_path / "run"),
            "--events",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["type"] == "turn.evaluated":
            process.stdin.write('nonsense\n{"do": "stop"}\n')
            process.stdin.flush()
            break
    last = [json.loads(line) for line in process.stdout][-1]
    assert (last["type"], last["stop"]) == ("run.finished", "user")
    assert process.wait(30) == 130
    assert (tmp_path / "run" / "sized.spice").is_file()


@pytest.mark.parametrize("number", cases([signal.SIGINT, signal.SIGTERM], signal.SIGINT.name))
def test_interrupted_is_130_and_resumable(tmp_path: Path, number: int) -> None:
    folder = tmp_path / "run"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "eda_agent",
            "size",
            OTA,
            "--policy",
            "random",
            "--budget",
            "5000",
            "--out",
            str(folder),
            "--json",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell that put the tests in the background has let them ignore Ctrl-C, and every child after them
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )
    while not (folder / "journal.jsonl").exists() or (folder / "journal.jsonl").read_text().count("turn.evaluated") < 2:
        time.sleep(0.05)
    process.send_signal(number)
    told, text = process.communicate(timeout=30)
    assert process.returncode == 130
    data = json.loads(told)
    assert data["error"]["kind"] == "interrupted" and "--resume" in data["error"]["message"]
    assert [one.message for one in Draft202012Validator(schema("error")).iter_errors(data)] == []
    assert [one.message for one in Draft202012Validator(schema("result")).iter_errors(data)] == []
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    best = [line for line in lines if line["type"] == "best.updated"][-1]
    assert (data["best_turn"], data["score"], data["sizing"]) == (best["index"], best["score"], best["sizing"])
    assert "Traceback" not in text
    assert "interrupted" in text
    before = (folder / "journal.jsonl").read_text().count('"turn.evaluated"')
    done = run("size", str(folder), "--resume", "--budget", str(before + 2), "--json")
    assert json.loads(done.stdout)["simulations"] == before + 2


def test_an_endpoint_that_does_not_answer_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # the pauses between tries take seconds
    monkeypatch.setattr(chat_client, "RETRIES", 0)
    words = ["size", OTA, "--policy", "chat", "--endpoint", "http://127.0.0.1:9/v1", "--out", str(tmp_path / "run")]
    assert main(words) == 3
    assert "http://127.0.0.1:9/v1 does not answer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["size", "/nowhere/spec.yaml"], 2, "cannot read the file"),
        (["size", OTA, "--policy", "chat"], 2, "--endpoint"),
        (["size", OTA, "--script", "x"], 2, "is not an option of"),
        (["size", OTA, "--resume"], 2, "no run to resume"),
        (["sim", OTA, "--set", "W12=400u"], 2, "outside the range"),
        (["sim", OTA, "--set", "Q=4u"], 2, "no parameter"),
        (["sim", OTA, "--set", "W12=4q"], 2, "unknown unit"),
        (["show", "/nowhere"], 2, "is this the folder of a run"),
        (["export", "/nowhere"], 2, "journal"),
        (["nonsense"], 2, "is no command"),
        (["size", OTA, "--budget", "0"], 2, "1 or more"),
        (["size", OTA, "--budget", "x"], 2, "whole number"),
    ],
)
def test_bad_input_is_one_message_and_its_status(arguments: list[str], status: int, says: str, tmp_path: Path) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == status
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_with_a_run_is_not_overwritten(sized: Path) -> None:
    before = (sized / "journal.jsonl").read_bytes()
    done = run("size", OTA, "--out", str(sized))
    assert done.returncode == 2
    assert "--resume" in done.stderr
    done = run("size", OTA, "--out", str(sized), "--resume", "--seed", "3")
    assert "seed 0" in done.stderr
    assert (sized / "journal.jsonl").read_bytes() == before


def test_sim_agrees_with_the_run(sized: Path) -> None:
    done = run("sim", OTA, "--from", str(sized), "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["score"] == 1.0
    other = run("sim", OTA, "--set", "mt=3", "--set", "W12=20u")
    assert other.returncode == 1
    for word in ("saturation", "xm5", "gm/id", "score 0."):
        assert word in other.stdout


def test_check_runs_show_export_doctor(sized: Path, tmp_path: Path) -> None:
    assert "ready" in run("check", OTA).stdout
    assert json.loads(run("check", OTA, "--json").stdout)["decks"] == 9
    rows = json.loads(run("runs", str(sized.parent), "--json").stdout)["runs"]
    assert rows[0]["met"] is True
    assert "ota_5t" in run("runs", str(sized.parent)).stdout
    shown = run("show", str(sized))
    assert shown.returncode == 0
    assert "✓ pass" in shown.stdout
    assert run("show", str(sized), "--turn", "0").returncode == 0
    assert run("show", str(sized), "--turn", "999").returncode == 2
    assert run("export", str(sized)).stdout == (sized / "sized.spice").read_text()
    assert run("export", str(sized), "--diff").stdout.startswith("--- ota_5t.spice")
    target = tmp_path / "out.spice"
    assert run("export", str(sized), "--turn", "0", "--out", str(target)).returncode == 0
    own = (CIRCUITS / "ota_5t" / "ota_5t.spice").read_text().splitlines()
    # the tail's m=2 is written as instances, all else as it came
    assert [line for line in target.read_text().splitlines() if "XM5_" not in line and line in own] == [
        line for line in own if "m={mt}" not in line
    ]
    assert run("export", str(sized), "--turn", "0", "--diff").stdout == ""
    doctor = run("doctor")
    assert doctor.returncode == 0
    assert "sky130A" in doctor.stdout
    assert "[bo]" in doctor.stdout
    assert "complete" in run("completion", "bash").stdout


def test_doctor_says_what_is_missing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "eda_agent", "doctor"],
        env={**os.environ, "NGSPICE_LIBRARY_PATH": "/nowhere.so"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3


def test_the_command_line_loads_nothing_heavy() -> None:
    code = (
        "import sys, eda_agent, eda_agent.cli\nfrom eda_agent.cli.parser import build_parser\nbuild_parser()\nprint([m"
        " for m in ('torch', 'textual', 'klayout', 'optuna', 'openai', 'numpy', 'rich', 'PySpice') if m in"
        " sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
