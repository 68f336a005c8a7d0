"""Yield and layout through the server: a run for yield in its rounds, samples, wires; and a client that is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import eda_agent as ea
from eda_agent.errors import EdaAgentError
from eda_agent.problem.spec import Problem
from eda_agent.run.process import RunProcess
from eda_agent.server.confined import Root
from eda_agent.server.measuring import ARGUMENTS, QUESTIONS
from eda_agent.server.registry import call
from eda_agent.tools import TOOLS

from ..conftest import CIRCUITS, ROOT

pytest.importorskip("mcp")


@pytest.fixture
def root(tmp_path: Path) -> Root:
    shutil.copytree(CIRCUITS / "ota_5t", tmp_path / "amp")
    return Root.at(tmp_path)


def wait(root: Root, run: str) -> dict[str, Any]:
    while (told := call("run", root, {"run": run, "do": "wait", "seconds": 20}))["state"] == "running":
        pass
    return told


def test_a_run_for_yield_is_seen_in_its_rounds(root: Root) -> None:
    given = {"target": "amp", "robust": 0.1, "samples": 4, "budget": 12, "corners": "nominal"}
    run = call("size", root, given)["run"]
    told = wait(root, run)
    assert told["state"] == "ended" and told["messages"] == [], told
    assert told["wanted"] == 0.1 and told["rounds"][0]["samples"] == 4
    best = max(row["passed"] for row in told["rounds"])
    shown = call("show", root, {"run": run})
    again = call("monte_carlo", root, {"target": f"{run}/{told['best']}", "samples": 4})
    assert again["passed"] == best and told["reached"] == (again["interval"][0] >= 0.1)
    assert shown["sizing"] == ea.open_run(root.folder / run / told["best"]).sizing
    assert not {"values", "bounds"} & set(again["specs"]["gbw"]) and again["specs"]["gbw"]["mean"] > 0
    assert "| gbw |" in call("report", root, {"run": run})["text"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"robust": 0.99, "samples": 3}, "368 or more"),
        ({"robust": 1}, "between 0 and 1"),
        ({"robust": 0.9, "guard": 0.1}, "do not go together"),
        ({"robust": 0.9, "sizings": [{"W12": "8u"}]}, "do not go together"),
        ({"samples": 100}, "those of robust"),
        ({"cell": "x"}, "that of post_layout"),
        ({"post_layout": "../x.spice"}, "outside the folder"),
        ({"post_layout": "none.spice"}, "no such file"),
        ({"budget": 10**12}, "at most"),
        ({"seed": -1}, "at least 0"),
        ({"seed": 2**32}, "at most"),
    ],
)
def test_what_size_refuses_before_it_starts(root: Root, given: dict[str, Any], says: str) -> None:
    with pytest.raises(EdaAgentError, match=says):
        call("size", root, {"target": "amp", **given})
    assert not (root.folder / "runs").exists()


def test_a_path_that_is_too_long_is_no_path(root: Root) -> None:
    with pytest.raises(EdaAgentError, match="this is no path"):
        call("check", root, {"target": "x" * 5000})


def test_the_wires_of_a_layout(root: Root) -> None:
    shutil.copytree(CIRCUITS / "two_stage_miller", root.folder / "miller")
    shutil.copy(ROOT / "tests" / "fixtures" / "opamp_magic.spice", root.folder / "laid_out.spice")
    told = call("post_layout", root, {"target": "miller", "netlist": "laid_out.spice"})
    gbw = next(row for row in told["specs"] if row["spec"] == "gbw")
    assert gbw["after"] < gbw["before"] and told["nets"][0]["farad"] > 0


def test_ask_names_the_arguments_of_each_question(problems: dict[str, Problem]) -> None:
    assert tuple(ARGUMENTS) == QUESTIONS
    for problem in problems.values():
        for name, named in ARGUMENTS.items():
            assert set(TOOLS[name].parameters(problem)["properties"]) <= set(named), (problem.name, name)
    whole = {name: set(TOOLS[name].parameters(problems["ota_5t"])["properties"]) for name in ARGUMENTS}
    assert whole == {name: set(named) for name, named in ARGUMENTS.items()}


@pytest.mark.evidence
def test_a_run_goes_on_when_its_client_is_killed(root: Root, tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    script.write_text(
        "import sys, time\nfrom pathlib import Path\n"
        "import mcp.client.stdio as stdio, os\nstdio.DEFAULT_INHERITED_ENV_VARS = list(os.environ)\n"
        "from tests.server.client import with_server\n"
        "async def body(call, session):\n"
        "    run = (await call('size', target='amp', policy='random', budget=5000))['run']\n"
        "    while not (await call('run', run=run, do='status'))['simulations']: time.sleep(0.1)\n"
        "    print(run, flush=True)\n"
        "    time.sleep(600)\n"
        f"with_server(Path({str(root.folder)!r}), body)\n"
    )
    client = subprocess.Popen(
        [sys.executable, str(script)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert client.stdout is not None
    run = client.stdout.readline().strip()
    servers = subprocess.run(["pgrep", "-P", str(client.pid)], capture_output=True, text=True, check=True).stdout
    client.send_signal(signal.SIGKILL)
    client.wait()
    process = RunProcess(root.folder / run)
    before = call("run", root, {"run": run, "do": "status"})["simulations"]
    until = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in servers.split()) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(Path(f"/proc/{pid}").exists() for pid in servers.split()), "the server ends with its client"
    while call("run", root, {"run": run, "do": "status"})["simulations"] <= before and time.monotonic() < until:
        time.sleep(0.1)
    assert process.alive
    ended = call("run", root, {"run": run, "do": "stop"})
    assert ended["state"] == "ended" and ended["stop"] == "user" and ended["simulations"] > before
