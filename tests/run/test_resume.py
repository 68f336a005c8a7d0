"""A run that is taken up again goes on as it was asked for: through the command line, with real ngspice, killed in the
middle.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from eda_agent.agent.policies.embedded import shipped_model
from eda_agent.record.journal import read_journal

from ..agent.endpoint import Server
from ..conftest import ROOT
from .program import eda, killed, played, state, swap

Run = Callable[..., subprocess.CompletedProcess[str]]


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
