"""The server, through the SDK's own client: a circuit is sized, and nothing outside the root is reached."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from eda_agent.api import open_run
from eda_agent.errors import EdaAgentError
from eda_agent.record.schemas import schema
from eda_agent.run.process import RunProcess
from eda_agent.server.confined import Root
from eda_agent.server.registry import TOOLS, call

from ..conftest import CIRCUITS

pytest.importorskip("mcp")
from .client import Call, with_server  # needs the extra


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with a spec and a bare netlist. The server inherits the cache of the tests."""
    root = tmp_path / "root"
    shutil.copytree(CIRCUITS / "ota_5t", root / "amp")
    (root / "bare").mkdir()
    shutil.copy(CIRCUITS / "ota_5t" / "ota_5t.spice", root / "bare")
    monkeypatch.setattr("mcp.client.stdio.DEFAULT_INHERITED_ENV_VARS", [*os.environ])
    return root


def test_a_client_sizes_a_circuit(folder: Path) -> None:
    async def body(call: Call, session: Any) -> None:
        listed = [tool.model_dump(by_alias=True) for tool in (await session.list_tools()).tools]
        assert [tool["name"] for tool in listed] == list(TOOLS)
        for tool in listed:
            Draft202012Validator.check_schema(tool["inputSchema"])
        checked = await call("check", target="amp")
        assert [row["name"] for row in checked["parameters"]][:2] == ["W12", "L12"]
        told = await call("simulate", target="amp", sizings=[{"W12": "8u"}, {"W12": "40u", "mt": 10}])
        assert told["best"] == 1 and told["results"][1]["sizing"]["mt"] == 10
        assert told["results"][0]["specs"]["gbw"]["margin"] < 0
        answer = await call("ask", target="amp", question="sensitivity", sizing={"W12": "40u"})
        assert "W12" in answer["text"]
        started = await call("size", target="amp", policy="auto", budget=60, sizings=[{"W12": "40u", "mt": 10}])
        run = started["run"]
        for _ in range(10):
            status = await call("run", run=run, do="wait", seconds=30)
            if status["state"] == "ended":
                break
        assert status["met"] and status["stop"] == "met", status
        own = await call("show", run=run, turn=1)
        assert own["sizing"]["W12"] == 40e-6 and own["reasoning"] == "tried by hand"
        shown = await call("show", run=run)
        faults = [error.message for error in Draft202012Validator(schema("result")).iter_errors(shown)]
        assert faults == [] and shown["met"]
        report = await call("report", run=run)
        assert "| gbw |" in report["text"] and (folder / report["file"]).is_file()
        assert "w=" in (await call("report", run=run, format="netlist"))["text"].lower()

    with_server(folder, body)


def test_a_run_outlives_its_client_and_another_stops_it(folder: Path) -> None:
    run = ""

    async def first(call: Call, session: Any) -> None:
        nonlocal run
        run = (await call("size", target="amp", policy="random", budget=5000))["run"]
        while (await call("run", run=run, do="status"))["simulations"] < 1:
            time.sleep(0.1)

    async def starting(call: Call, session: Any) -> None:
        nonlocal new
        new = (await call("size", target="amp", policy="random", budget=1))["run"]

    new = ""
    with_server(folder, starting)
    # before it has a journal, another server sees it live and takes commands for it
    other = RunProcess(folder / new)
    assert other.alive
    while other.alive:
        time.sleep(0.1)
    assert open_run(folder / new).stop in {"budget", "met"}

    async def second(call: Call, session: Any) -> None:
        before = await call("run", run=run, do="status")
        assert before["state"] == "running"
        await call("run", run=run, do="command", command={"do": "hint", "text": "wider"})
        refused = await call("run", run=run, do="command", command={"do": "policy", "name": "python:os.Climb"})
        assert refused["failed"] and "here only" in refused["error"]["message"]
        after = await call("run", run=run, do="stop")
        assert after["state"] == "ended" and after["stop"] == "user" and after["simulations"] >= before["simulations"]
        more = await call("size", target=run, resume=True, policy="trust", budget=after["simulations"] + 1)
        assert more["run"] == run
        while (ended := await call("run", run=run, do="wait", seconds=20))["state"] == "running":
            pass
        assert ended["stop"] == "budget" and ended["policy"] == "trust", ended

    with_server(folder, first)
    with_server(folder, second)


def test_a_bare_netlist_is_drafted_with_the_client_s_targets(folder: Path) -> None:
    root = Root.at(folder)
    told = call("init", root, {"netlist": "bare/ota_5t.spice", "targets": {"gbw": {"minimum": "5M"}}})
    assert told["spec"] == "bare/spec.yaml" and told["kind"]
    gbw = next(row for row in call("check", root, {"target": "bare"})["specs"] if row["metric"] == "gbw")
    assert gbw["minimum"] == 5e6
    with pytest.raises(EdaAgentError, match="a spec already exists"):
        call("init", root, {"netlist": "bare/ota_5t.spice"})
    with pytest.raises(EdaAgentError, match="did you mean gbw"):
        call("init", root, {"netlist": "bare/ota_5t.spice", "force": True, "targets": {"gbv": {"minimum": 1}}})


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("check", {"target": "../outside"}, "outside the folder"),
        ("check", {"target": "/etc/passwd"}, "outside the folder"),
        ("check", {"target": "link"}, "outside the folder"),
        ("check", {"target": "reaching"}, "outside the folder"),
        ("check", {"target": "none"}, "no such file"),
        ("check", {"target": "a\0b"}, "no path"),
        ("init", {"netlist": "bare/ota_5t.spice", "out": "../../x"}, "outside the folder"),
        ("init", {"netlist": "bare/ota_5t.spice", "pdk": "../../fab.yaml"}, "outside the folder"),
        ("init", {"netlist": "bare/x.sch"}, "runs its scripts"),
        ("size", {"target": "amp", "policy": "python:os.Climb"}, "must be one of"),
        ("size", {"target": "amp", "policy": "chat"}, "must be one of"),
        ("size", {"target": "amp", "endpoint": "http://x"}, "no argument 'endpoint'"),
        ("size", {"target": "amp", "resume": True}, "no run to resume"),
        ("size", {"target": "amp", "sizings": [{"W12": "40"}]}, "outside the range"),
        ("run", {"run": "amp", "do": "status"}, "this is no run"),
        ("simulate", {"target": "amp", "sizings": [{"W12": "1"}]}, "outside the range"),
        ("simulate", {"target": "code"}, "runs no code"),
        ("ask", {"target": "amp", "question": "propose"}, "must be one of"),
        ("hurry", {}, "no tool 'hurry'"),
    ],
)
def test_what_is_refused(
    folder: Path, name: str, given: dict[str, Any], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EDA_AGENT_ALLOW_CODE", raising=False)
    outside = folder.parent / "outside"
    shutil.copytree(CIRCUITS / "ota_5t", outside)
    (folder / "link").symlink_to(outside)
    (folder / "bare" / "x.sch").touch()
    (folder / "reaching").mkdir()
    text = (folder / "amp" / "spec.yaml").read_text()
    (folder / "reaching" / "spec.yaml").write_text(text.replace("circuit: ", "circuit: ../../outside/", 1))
    shutil.copytree(folder / "amp", folder / "code")
    (folder / "code" / "mine.py").write_text("raise SystemExit('it ran')")
    with (folder / "code" / "spec.yaml").open("a") as file:
        file.write("measures: {mine: {testbench: loop, analysis: ac, unit: V, python: mine.py}}\n")
    with pytest.raises(EdaAgentError, match=says):
        call(name, Root.at(folder), given)


def test_no_option_lets_the_server_run_code(folder: Path) -> None:
    """`client.with_server` starts it with --allow-code."""
    shutil.copytree(folder / "amp", folder / "code")
    (folder / "code" / "mine.py").write_text("open('/tmp/it-ran', 'w')\n")
    with (folder / "code" / "spec.yaml").open("a") as file:
        file.write("measures: {mine: {testbench: loop, analysis: ac, unit: V, python: mine.py}}\n")

    async def body(call: Call, session: Any) -> None:
        refused = await call("check", target="code")
        assert refused["failed"] and refused["error"]["kind"] == "input"
        assert [error.message for error in Draft202012Validator(schema("error")).iter_errors(refused)] == []
        # the server goes on
        assert (await call("check", target="amp"))["name"] == "ota_5t"

    with_server(folder, body)
