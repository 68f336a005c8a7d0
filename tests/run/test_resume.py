"""A run that is taken up again goes on as it was asked for: through the command line, with real ngspice, killed in the
middle.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eda_agent.agent.policies.embedded import shipped_model
from eda_agent.record.fold import RunState, fold
from eda_agent.record.journal import read_journal

from ..agent.test_chat import Server
from ..conftest import ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]


def eda(*words: str | Path, cwd: Path = ROOT, **extra: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "eda_agent", *map(str, words)]
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "PYTHONPATH": str(ROOT), **extra}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


def killed(folder: Path, turns: int, *words: str | Path, **extra: str) -> None:
    """Start a run and kill it once it has played so many turns."""
    command = [sys.executable, "-m", "eda_agent", "size", *map(str, words), "--out", str(folder), "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **extra}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal, until = folder / "journal.jsonl", time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        if journal.exists() and journal.read_bytes().count(b'"turn.evaluated"') >= turns:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.002)
    process.wait()


def state(folder: Path) -> RunState:
    return fold(read_journal(folder / "journal.jsonl"))


def played(folder: Path) -> list[tuple[Any, float, str]]:
    return [(turn["sizing"], turn["score"], turn["proposal"]["policy"]) for turn in state(folder).turns]


def test_killed_and_resumed_with_every_option(amp: Path, tmp_path: Path) -> None:
    """Nothing is given again, from another folder, and the run is the one that was left alone: its own model, budget,
    seed, width and workers.
    """
    model = tmp_path / "model"
    shutil.copytree(shipped_model(), model)
    options = [
        "--policy",
        "embedded",
        "--model",
        model,
        "--budget",
        "9",
        "--seed",
        "4",
        "--workers",
        "1",
        "--parallel",
        "2",
        "--corners",
        "nominal",
        "--all-corners",
        "--no-cache",
    ]
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    eda("size", amp, *options, "--out", whole)
    killed(torn, 3, amp, *options)
    assert 3 <= len(state(torn).turns) - 1 < 9
    done = eda("size", torn, "--resume", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["simulations"] == 9, done.stderr
    assert played(torn) == played(whole)
    first, last = (event for event in read_journal(torn / "journal.jsonl") if event["type"] == "run.started")
    assert last["opened"]["request"] == first["opened"]["request"]
    assert last["opened"]["request"] == {
        "policy": "embedded",
        "options": {"model": str(model)},
        "seed": 4,
        "simulations": 9,
        "workers": 1,
        "cluster": None,
        "cache": False,
        "corners": "nominal",
        "guard": None,
        "skip": False,
        "parallel": 2,
        "memory": None,
        "force": None,
    }
    assert last["workers"] == 1 and last["opened"]["weights"] == first["opened"]["weights"] != ""


def test_a_changed_budget_is_said_and_kept(amp: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    eda("size", amp, "--policy", "random", "--budget", "3", "--out", run)
    assert json.loads(eda("size", run, "--resume", "--json").stdout)["simulations"] == 3
    done = eda("size", run, "--resume", "--budget", "5", "--workers", "1")
    assert (
        "! changed: --budget is 5, was 3" in done.stderr and "! changed: --workers is 1, was not given" in done.stderr
    )
    assert json.loads(eda("size", run, "--resume", "--json").stdout)["simulations"] == 5
    assert state(run).started["budget"]["simulations"] == 5
    for words, says in (
        (["--seed", "7"], "seed 0"),
        (["--corners", "signoff"], "the spec's own corners"),
        (["--model", "x"], "--model is not an option of policy random"),
    ):
        refused = eda("size", run, "--resume", *words)
        assert refused.returncode == 2 and says in refused.stderr, refused.stderr


def test_another_policy_continues_a_run_and_is_recorded(amp: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    eda("size", amp, "--policy", "random", "--budget", "2", "--out", run)
    done = eda("size", run, "--resume", "--policy", "trust", "--budget", "4", "--json")
    assert json.loads(done.stdout)["policy"] == "trust", done.stderr
    (switch,) = state(run).handovers
    told = {name: switch[name] for name in ("index", "before", "after", "name", "options", "reason")}
    assert told == {
        "index": 3,
        "before": "random",
        "after": "trust",
        "name": "trust",
        "options": {},
        "reason": "--policy",
    }
    # it goes on with that policy, until another is named; options are those of the new one
    eda("size", run, "--resume", "--budget", "5")
    assert [turn["proposal"]["policy"] for turn in state(run).turns][1:] == ["random"] * 2 + ["trust"] * 3
    refused = eda("size", run, "--resume", "--policy", "random", "--model", "x")
    assert refused.returncode == 2 and "--model is not an option of policy random" in refused.stderr
    said = eda("size", run, "--resume", "--policy", "random", "--budget", "6").stderr
    assert "changed: --policy is random, was trust" in said
    assert state(run).turns[-1]["proposal"]["policy"] == "random"


def test_an_endpoint_from_the_environment_is_kept_and_its_key_is_not(amp: Path, tmp_path: Path) -> None:
    key, run = "sk-a-key-that-nobody-may-see", tmp_path / "run"
    server = Server()
    server.reply = lambda body: {"content": json.dumps({"sizing": {"W12": f"{50 - len(server.requests)}u"}})}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        eda(
            "size",
            amp,
            "--policy",
            "chat",
            "--budget",
            "2",
            "--no-request-seed",
            "--out",
            run,
            OPENAI_BASE_URL=server.url,
            OPENAI_API_KEY=key,
        )
        server.models = ["tiny", "other"]
        done = eda("size", run, "--resume", "--budget", "3", "--json", OPENAI_API_KEY=key)
        assert json.loads(done.stdout)["simulations"] == 3, done.stderr
    finally:
        server.shutdown()
        server.server_close()
    assert [body["model"] for body in server.requests] == ["tiny"] * len(server.requests) and all(
        "seed" not in body for body in server.requests
    )
    kept = state(run).opened["request"]["options"]
    assert kept == {"endpoint": server.url, "model": "tiny", "request_seed": False}
    assert not any(key.encode() in path.read_bytes() for path in run.iterdir() if path.is_file())


def test_a_journal_sends_nothing_to_an_endpoint_of_somebody_else(amp: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    eda("size", amp, "--policy", "random", "--budget", "2", "--out", run)
    swap(
        run,
        lambda opened: opened["request"].update(
            policy="chat", options={"endpoint": "https://elsewhere.example/v1", "model": "m"}
        ),
    )
    refused = eda("size", run, "--resume", "--budget", "3")
    assert (
        refused.returncode == 2
        and "you have not given here before" in refused.stderr
        and "add --endpoint https://elsewhere" in refused.stderr
    )


def test_a_policy_of_ones_own(amp: Path, tmp_path: Path) -> None:
    """`python:MODULE.CLASS` sizes; a journal that names one starts no program, and goes on once the user names it
    again.
    """
    shutil.copyfile(ROOT / "tests" / "agent" / "own_policy.py", tmp_path / "mine.py")
    run, whole, policy = tmp_path / "run", tmp_path / "whole", "python:mine.Climb"
    for folder, budget in ((whole, "5"), (run, "3")):
        done = eda("size", amp, "--policy", policy, "--budget", budget, "--out", folder, "--json", cwd=tmp_path)
        assert json.loads(done.stdout)["policy"] == "climb", done.stderr
    canary = tmp_path / "canary"
    (tmp_path / "mine.py").write_text((tmp_path / "mine.py").read_text() + f"\n\nopen({str(canary)!r}, 'w')\n")
    asked = eda("size", run, "--resume", "--budget", "5", cwd=tmp_path)
    assert asked.returncode == 2 and f"add --policy {policy}" in asked.stderr and not canary.exists()
    done = eda("size", run, "--resume", "--budget", "5", "--policy", policy, "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["simulations"] == 5, done.stderr
    assert played(run) == played(whole) and canary.exists()
    for wrong, says in (
        ("python:nowhere.Climb", "No module named"),
        ("python:mine.Nobody", "has no attribute"),
        ("python:mine", "a module and a class"),
        ("python:", "is no value of --policy"),
    ):
        refused = eda("size", amp, "--policy", wrong, "--out", tmp_path / "none", cwd=tmp_path)
        assert refused.returncode == 2 and says in refused.stderr and "Traceback" not in refused.stderr


def test_other_targets_count_the_turns_anew(amp: Path, tmp_path: Path) -> None:
    """What was measured stays; every score is that of a run that was asked for the new targets from its start."""
    run, fresh = tmp_path / "run", tmp_path / "fresh"
    eda("size", amp, "--policy", "random", "--budget", "4", "--out", run)
    before = played(run)
    text = (amp / "spec.yaml").read_text()
    (amp / "spec.yaml").write_text(text.replace("minimum: 90M}", "minimum: 900M, weight: 3}"))
    done = eda("size", run, "--resume", "--budget", "6")
    assert "-  gbw:            {testbench: loop, unit: Hz, minimum: 90M}" in done.stderr.splitlines(), done.stderr
    assert "+  gbw:            {testbench: loop, unit: Hz, minimum: 900M, weight: 3}" in done.stderr.splitlines()
    assert "the spec has changed (gbw): every earlier turn is scored with the new spec" in done.stderr
    eda("size", amp, "--policy", "random", "--budget", "6", "--out", fresh)
    assert played(run) == played(fresh)
    assert [score for _, score, _ in before] != [score for _, score, _ in played(run)[:5]]
    then, now = state(fresh), state(run)
    assert (
        now.best["index"] == then.best["index"]
        and now.best["score"] == then.best["score"]
        and now.started["specs"] == then.started["specs"]
    )
    # taken up once more nothing has changed; killed before the word that the run goes on, everything is counted anew
    # again
    again = eda("size", run, "--resume")
    assert "changed" not in again.stderr
    lines = (run / "journal.jsonl").read_bytes().splitlines(keepends=True)
    cut = next(place for place, line in enumerate(lines) if b'"type":"spec.changed"' in line)
    assert b'"type":"run.started"' in lines[cut + 1]
    (run / "journal.jsonl").write_bytes(b"".join(lines[: cut + 1]))
    eda("size", run, "--resume", "--budget", "6")
    assert played(run) == played(fresh)


def test_a_target_that_the_user_moved_yields_to_the_spec_that_moves_it_later(amp: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    orders = [{"do": "target", "spec": "gbw", "minimum": "200M"}, {"do": "target", "spec": "power", "maximum": "300u"}]
    (run / "orders.jsonl").write_text("".join(json.dumps(one) + "\n" for one in orders))
    eda("size", amp, "--policy", "random", "--budget", "2", "--out", run, "--orders-from", "0")
    (amp / "spec.yaml").write_text((amp / "spec.yaml").read_text().replace("minimum: 90M", "minimum: 500M"))
    eda("size", run, "--resume", "--budget", "3")
    bounds = {spec["name"]: (spec["minimum"], spec["maximum"]) for spec in state(run).started["specs"]}
    assert bounds["gbw"] == (500e6, None) and bounds["power"] == (None, 300e-6)


CHANGES = [
    ("load.inc", "nothing=1", "nothing=2", "the netlist or an included file"),
    ("spec.yaml", "load: 2p", "load: 3p", "testbenches: loop"),
    ("spec.yaml", "vdd: 3.3", "vdd: 3.0", "corners: nominal"),
    ("spec.yaml", "W12: {min: 1u", "W12: {min: 2u", "parameters: W12"),
    ("spec.yaml", "  gbw: ", "  bandwidth: {testbench: loop, minimum: 1k}\n  gbw: ", "specs: bandwidth"),
]


def test_what_the_measurements_depend_on_may_not_change(amp: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    eda("size", amp, "--policy", "random", "--budget", "1", "--out", run)
    before = (run / "journal.jsonl").read_bytes()
    for file, old_text, new_text, says in CHANGES:
        text = (amp / file).read_text()
        assert old_text in text
        (amp / file).write_text(text.replace(old_text, new_text, 1))
        refused = eda("size", run, "--resume", "--budget", "2")
        assert (
            refused.returncode == 2
            and says in refused.stderr
            and "restore what changed, or start a new run" in refused.stderr
        ), refused.stderr
        assert (run / "journal.jsonl").read_bytes() == before
        (amp / file).write_text(text)
    assert json.loads(eda("size", run, "--resume", "--budget", "2", "--json").stdout)["simulations"] == 2


def test_other_models_and_other_weights(amp: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    eda("size", amp, "--policy", "embedded", "--budget", "1", "--out", run)
    swap(run, lambda opened: opened.update(weights="of another model"))
    assert "has changed since the start of the run" in eda("size", run, "--resume", "--budget", "2").stderr
    swap(run, lambda opened: opened["fingerprint"].update(models={"tt": "of another library"}))
    refused = eda("size", run, "--resume", "--budget", "3")
    assert refused.returncode == 2 and "models: tt" in refused.stderr


def test_a_journal_of_version_0_1_0(amp: Path, tmp_path: Path) -> None:
    """It has no request: policy, seed, corners and budget come from its first event, the rest is said, and other
    targets are seen.
    """
    run, whole = tmp_path / "run", tmp_path / "whole"
    eda("size", amp, "--policy", "embedded", "--seed", "3", "--parallel", "1", "--budget", "3", "--out", run)
    eda("size", amp, "--policy", "embedded", "--seed", "3", "--parallel", "1", "--budget", "4", "--out", whole)
    old(run)
    done = eda("size", run, "--resume")
    assert (
        "stores neither the policy's options" in done.stderr and "give --model again if the run had one" in done.stderr
    ), done.stderr
    assert len(state(run).turns) == 4
    eda("size", run, "--resume", "--budget", "4")
    assert played(run) == played(whole)
    old(run)
    (amp / "spec.yaml").write_text((amp / "spec.yaml").read_text().replace("minimum: 90M", "minimum: 900M"))
    assert "the spec has changed (gbw)" in eda("size", run, "--resume").stderr
    assert played(run)[0][1] < played(whole)[0][1]


def swap(run: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what the journal's last run.started says of the request."""
    events = list(read_journal(run / "journal.jsonl"))
    change([event for event in events if event["type"] == "run.started"][-1]["opened"])
    (run / "journal.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))


def old(run: Path) -> None:
    """Take from a journal what version 0.1.0 did not write."""
    events = list(read_journal(run / "journal.jsonl"))
    for event in events:
        for name in ("opened", "corner_table"):
            event.pop(name, None)
        for spec in event.get("specs", ()) if event["type"] == "run.started" else ():
            for name in ("shown", "asked", "corners", "worst"):
                spec.pop(name, None)
    (run / "journal.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
