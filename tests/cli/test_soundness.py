"""Testbenches that do not test, as a user meets them: refused with one message, in every front the same."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from eda_agent.run.process import start

from ..simulation.judged import OTA, OTA_SPEC
from ..within import run

WORDS = "testbenches loop and step do not test: out stands at 1.8 V, the supply, and does not move"


@pytest.fixture
def shorted(tmp_path: Path) -> Path:
    (tmp_path / "c.spice").write_text(OTA.format(drain="out", more="V9 out vdd 0"), encoding="utf-8")
    (tmp_path / "spec.yaml").write_text(OTA_SPEC.replace("PORTS", "inp: inp"), encoding="utf-8")
    return tmp_path / "spec.yaml"


def events(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()]


def test_size_refuses_a_shorted_output_and_force_goes_on(shorted: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    done = run("size", str(shorted), "--budget", "2", "--out", str(folder))
    assert done.returncode == 2
    assert WORDS in done.stderr
    assert "V9 in the netlist" in done.stderr
    assert "--force sizes it anyway" in done.stderr
    assert [event["type"] for event in events(folder)] == ["hello"]
    forced = run("size", str(shorted), "--budget", "2", "--out", str(folder), "--force")
    assert forced.returncode == 1
    assert forced.stderr.count(WORDS) + forced.stdout.count(WORDS) == 2, "at the beginning and under the last table"
    logs = [event for event in events(folder) if event["type"] == "log" and event.get("about") != "verifying"]
    assert [WORDS in str(event["message"]) for event in logs] == [True]
    (verified,) = [event for event in events(folder) if event["type"] == "verified"]
    assert "does not move" in str(verified["unsound"])
    again = run("size", "--resume", str(folder), "--budget", "3", "--json")
    assert again.returncode == 1, again.stderr
    assert WORDS in json.loads(again.stdout)["testbenches"][0]


def test_a_met_spec_does_not_count_in_a_testbench_that_does_not_test(shorted: Path, tmp_path: Path) -> None:
    text = shorted.read_text(encoding="utf-8")
    begin, end = text.index("  dc_gain:"), text.index("corners:")
    shorted.write_text(
        f"{text[:begin]}  power: {{testbench: loop, unit: W, maximum: 1}}\n{text[end:]}", encoding="utf-8"
    )
    sized = run("size", str(shorted), "--out", str(tmp_path / "run"))
    assert sized.returncode == 2
    assert "testbench loop does not test: out stands at 1.8 V, the supply" in sized.stderr
    simulated = run("sim", str(shorted), "--json")
    assert simulated.returncode == 1
    found = json.loads(simulated.stdout)
    assert found["met"]
    assert found["unsound"] == ["testbench loop in nominal: out stands at 1.8 V, the supply"]


def test_every_front_gets_the_same_message(shorted: Path, tmp_path: Path) -> None:
    # the KLayout plugin listens to events and shows what stderr says of a run that did not start
    listened = run("size", str(shorted), "--events", "--out", str(tmp_path / "events"))
    assert [json.loads(line)["type"] for line in listened.stdout.splitlines()] == ["hello"]
    process = start(shorted, tmp_path / "app")
    for _ in range(1800):
        if process.failure:
            break
        time.sleep(0.1)
    assert process.failure == listened.stderr.strip()
    assert WORDS in process.failure
