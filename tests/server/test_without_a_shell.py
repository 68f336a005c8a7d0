"""A client without a shell drafts, changes and sizes a circuit: every word that it needs comes from the server."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from eda_agent.metrics import METRICS
from eda_agent.record.schemas import schema

from ..conftest import CIRCUITS

pytest.importorskip("mcp")
from .client import Call, with_server  # needs the extra

SHELL = re.compile(r"(?<![\w-])--[a-z]|\beda-agent (?!doctor|mcp)[a-z]+\b|(?<!\w)/tmp/|(?<!\w)/home/")
"""Words that a client without a shell cannot use."""


MET = {"W12": "40u", "mt": 10}
"""Meets every spec of `EASY`; the netlist's own sizes and W12 = 8 um do not."""
EASY = {
    "corners": {"slow": None, "fast": None},
    "testbenches": {"step": None, "swing": None},
    "specs": {"gbw": {"minimum": "15M"}, **dict.fromkeys(("dc_gain", "input_noise", "output_swing"))},
}
EASY["specs"] |= dict.fromkeys(("slew_rate_up", "slew_rate_down"))


def texts(data: Any) -> list[str]:
    if isinstance(data, dict):
        return [text for value in data.values() for text in texts(value)]
    if isinstance(data, list):
        return [text for value in data for text in texts(value)]
    return [data] if isinstance(data, str) else []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "root"
    shutil.copytree(CIRCUITS / "ota_5t", root / "amp")
    (root / "bare").mkdir()
    for name in ("ota_5t", "ldo"):
        shutil.copy(CIRCUITS / name / f"{name}.spice", root / "bare")
    monkeypatch.setattr("mcp.client.stdio.DEFAULT_INHERITED_ENV_VARS", [*os.environ])
    return root


def test_a_draft_is_answered_and_changed(folder: Path) -> None:
    async def body(call: Call, session: Any) -> None:
        async def told(name: str, **arguments: Any) -> dict[str, Any]:
            data = await call(name, **arguments)
            assert [text for text in texts(data) if SHELL.search(text)] == []
            return data

        guess = {"netlist": "bare/ldo.spice", "out": "ldo", "simulate": False}
        found = await told("init", **guess)
        row = next(one for one in found["guessed"] if one["what"] == "load current")
        assert row["value"] == "1 mA" and row["change"] == 'settings: ["load_current=…"]'
        refused = await told("init", **guess)
        assert "force: true replaces it" in refused["error"]["findings"][0]["fix"]
        wrong = await told("init", **guess, force=True, settings=["load_curent=5m"])
        assert "did you mean load_current" in wrong["error"]["message"]
        guess["settings"] = ["load_current=5m", "vref=0.9"]
        await told("init", **{**guess, "simulate": True}, force=True)
        benches = (await told("check", target="ldo"))["spec_file"]["testbenches"]
        assert {bench["load_current"] for bench in benches.values()} == {"5m"}

        listed = await told("metrics", kind="ldo")
        names = {row["metric"]: row for row in listed["metrics"]}
        assert names["dropout"]["unit"] == "V" and names["dropout"]["templates"] == ["ldo_line"]
        assert "gbw" in names and "settling_time" not in names
        settings = {row["template"]: row["settings"] for row in listed["templates"]}
        assert settings["ldo_step"]["load_current"] == {"unit": "A", "default": "1m"}
        assert {row["metric"] for row in (await told("metrics"))["metrics"]} >= set(METRICS)
        near = await told("init", **guess, force=True, targets={"undershoot": {"maximum": "10m"}})
        assert "load_undershoot" in near["error"]["message"] and "tool metrics" in near["error"]["message"]

        # a testbench and a spec that the draft has not, and another range
        changes = {
            "testbenches": {"jump": {"template": "ldo_step", "load_current": "5m"}},
            "specs": {"load_undershoot": {"testbench": "jump", "maximum": "90m"}, "dropout": None},
        }
        await told("edit", target="ldo", changes=changes)
        after = await told("check", target="ldo")
        specs = {row["name"]: row for row in after["specs"]}
        assert specs["load_undershoot"]["maximum"] == 0.09 and "dropout" not in specs
        assert "jump tran" in after["waveforms"]
        fault = await told("edit", target="ldo", changes={"parameters": {"nothing": {"min": 1, "max": 2}}})
        assert fault["failed"] and "nothing was changed" in fault["error"]["message"]
        strange = await told("edit", target="ldo", changes={"specs": {"undershoot": {"maximum": "9m"}}})
        fix = strange["error"]["findings"][0]["fix"]
        assert "load_undershoot" in fix and "tool metrics" in fix
        outside = await told("edit", target="ldo", changes={"circuit": "../../x.spice"})
        assert "outside the folder" in outside["error"]["message"]
        assert yaml.safe_load((folder / "ldo" / "spec.yaml").read_text()) == after["spec_file"]

        missing = await told("ask", target="ldo", question="waveform")
        assert "jump tran" in missing["error"]["findings"][0]["fix"]
        wave = await told(
            "ask", target="ldo", question="waveform", arguments={"what": "ac ac", "start": 1e3, "points": 3}
        )
        assert wave["data"]["frequency"][0] == pytest.approx(1e3) and wave["data"]["units"]["gain"] == "dB"

    with_server(folder, body)


def test_measured_values_have_units_and_errors_no_shell_words(folder: Path) -> None:
    async def body(call: Call, session: Any) -> None:
        found = await call("init", netlist="bare/ota_5t.spice", out="ota")
        assert found["measured"]["gbw"]["unit"] == "Hz" and found["measured"]["saturation"]["unit"] == "V"
        assert found["measured"]["slew_rate_up"]["unit"] == "V/s" and found["measured"]["slew_rate_up"]["value"] > 1e5
        for name, given in (
            ("init", {"netlist": "bare/ota_5t.spice", "out": "o2", "bias": ["nowhere=1u"]}),
            ("init", {"netlist": "bare/ota_5t.spice", "out": "o2", "kind": "ldo"}),
            ("init", {"netlist": "bare/ota_5t.spice", "out": "o2", "subckt": "none"}),
            ("check", {"target": "bare/ota_5t.spice"}),
            ("size", {"target": "amp", "samples": 3}),
            ("size", {"target": "amp", "robust": 0.99, "samples": 3}),
        ):
            refused = await call(name, **given)
            assert refused["failed"]
            assert [text for text in texts(refused) if SHELL.search(text)] == [], refused
            assert [one.message for one in Draft202012Validator(schema("error")).iter_errors(refused)] == []

    with_server(folder, body)


def test_own_designs_stop_at_the_first_that_meets_every_spec(folder: Path) -> None:
    async def body(call: Call, session: Any) -> None:
        await call("edit", target="amp", changes=EASY)

        async def ended(**given: Any) -> dict[str, Any]:
            started = await call("size", target="amp", budget=60, **given)
            # before its journal exists, the run is as it was asked for
            first = await call("run", run=started["run"], do="status")
            assert first["policy"] == "auto" and first["budget"] == 60 and None not in first.values()
            assert first["state"] == started["state"] == "running"
            while (status := await call("run", run=started["run"], do="wait", seconds=30))["state"] != "ended":
                pass
            return status

        status = await ended(sizings=[{"W12": "8u"}, MET, {"W12": "41u"}])
        assert status["stop"] == "met" and status["simulations"] == 2 and status["best_turn"] == 2
        assert any("W12=41u was not simulated, because turn 2 meets" in line for line in status["log"])
        run = status["run"]
        written = (folder / run / "sized.spice").read_text()
        sized = await call("report", run=run, format="netlist")
        assert sized["text"] == written and sized["turn"] == 2 and "40u" in written
        shown = await call("show", run=run)
        assert [text for text in texts(shown) if SHELL.search(text)] == []
        assert {"tool": "report", "arguments": {"run": run, "format": "diff"}} in [
            one.get("call") for one in shown["next"]
        ]
        for one in shown["next"]:
            if "call" in one and one["call"]["tool"] == "report":
                assert not (await call("report", **one["call"]["arguments"])).get("failed")
        # the second takes 2 nW less of 181 uW
        pair = [MET, {**MET, "L34": "0.6u"}]
        every = await ended(sizings=pair, play_all=True)
        assert every["simulations"] == 2 and every["best_turn"] == 2
        simulated = await call("simulate", target="amp", sizings=[*pair, MET])
        assert simulated["best"] == 1
        power, gbw = (simulated["results"][1]["specs"][name] for name in ("power", "gbw"))
        assert power["margin_value"] == pytest.approx(370e-6 - power["value"]) and power["unit"] == "W"
        assert gbw["margin_percent"] == pytest.approx(100 * (gbw["value"] / 15e6 - 1))

    with_server(folder, body)


def test_the_netlist_is_given_while_the_run_goes_on(folder: Path) -> None:
    async def body(call: Call, session: Any) -> None:
        await call("edit", target="amp", changes={**EASY, "budget": {"until": "spent"}})
        run = (await call("size", target="amp", budget=5000, policy="random", sizings=[MET]))["run"]
        while not (status := await call("run", run=run, do="status")).get("met"):
            pass
        assert status["state"] == "running"
        sized = await call("report", run=run, format="netlist")
        assert not sized.get("failed") and ".subckt" in sized["text"].lower()
        own = await call("report", run=run, format="diff", turn=1)
        assert own["turn"] == 1 and own["text"].startswith("---")
        await call("run", run=run, do="stop")

    with_server(folder, body)
