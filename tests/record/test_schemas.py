"""The published JSON schemas hold for what the program writes, and refuse what the journal's own check refuses."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from eda_agent.agent.commands import _FIELDS, command_from
from eda_agent.cli.commands.schema import NAMES
from eda_agent.errors import InputError
from eda_agent.record.event_forms import FORMS
from eda_agent.record.journal import read_journal
from eda_agent.record.journal_schema import JournalSchema
from eda_agent.record.schemas import SCHEMAS, schema

from ..conftest import CIRCUITS
from ..within import run

OTA = str(CIRCUITS / "ota_5t")


def eda(*words: object, stdin: str = "") -> str:
    return run(*words, stdin=stdin).stdout


def faults(name: str, data: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema(name)).iter_errors(data)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs") / "one"


@pytest.fixture(scope="module")
def result(folder: Path) -> dict[str, Any]:
    script = folder.parent / "script.jsonl"
    script.write_text('{"sizing": {"W12": "9u"}}\n{"sizing": {"W13": 1}}\n{"sizing": {"mt": 9}}\n')
    words = ("--policy", "scripted", "--script", script, "--budget", "3", "--out", folder)
    found: dict[str, Any] = json.loads(eda("size", OTA, *words, "--json"))
    return found


def test_each_name_is_a_schema_and_is_printed() -> None:
    assert tuple(SCHEMAS) == NAMES
    for name in NAMES:
        Draft202012Validator.check_schema(schema(name))
    assert json.loads(eda("schema", "events")) == schema("events")


def test_a_run_and_its_journal_have_theirs(result: dict[str, Any], folder: Path) -> None:
    assert faults("result", result) == []
    assert faults("result", json.loads(eda("show", folder, "--json"))) == []
    assert faults("result", json.loads(eda("show", folder, "--turn", "0", "--json"))) == []
    events = list(read_journal(folder / "journal.jsonl"))
    assert {event["type"] for event in events} >= {"hello", "run.started", "baseline", "turn.evaluated", "verified"}
    for event in events:
        assert faults("events", event) == [], event["type"]


def test_a_wrong_event_is_refused_by_the_schema_and_by_the_journal(result: dict[str, Any], folder: Path) -> None:
    """Every field of every event of the run, replaced by something that is no JSON type of any field, or left out."""
    events = list(read_journal(folder / "journal.jsonl"))
    tried = 0
    for event in {event["type"]: event for event in events}.values():
        for name, kind in FORMS.get(event["type"], {}).items():
            field = name.removesuffix("?")
            if field not in event:
                continue
            wrong = copy.deepcopy(event)
            wrong[field] = ["nothing", {"of": "this"}, None]
            checked = JournalSchema()
            checked._begun = checked._measured = True
            assert faults("events", wrong) != [], (event["type"], field, kind)
            assert checked.fault(wrong) != "", (event["type"], field)
            del wrong[field]
            missing = bool(faults("events", wrong))
            assert missing == (field in FORMS[event["type"]]), (event["type"], field)
            tried += 1
    assert tried > 40


def test_simulations_have_theirs(folder: Path) -> None:
    assert faults("simulation", json.loads(eda("sim", OTA, "--json"))) == []
    assert faults("batch", json.loads(eda("sim", OTA, "--batch", "-", "--json", stdin='{"mt": 3}'))) == []
    assert faults("sensitivity", json.loads(eda("sensitivity", OTA, "--json"))) == []
    assert faults("monte_carlo", json.loads(eda("mc", OTA, "--samples", "3", "--json"))) == []
    assert faults("error", json.loads(eda("sim", "nowhere", "--json"))) == []
    assert faults("error", {"error": {"kind": "input"}}) != []


def test_a_command_is_accepted_by_both_or_by_none() -> None:
    samples: dict[str, Any] = {
        "count": 3,
        "flag": True,
        "text": "x",
        "quantity": "8u",
        "sizing": {"W": "8u"},
        "options": {"model": "m"},
    }
    for do, fields in _FIELDS.items():
        whole = {"do": do, **{name: samples[kind.removesuffix("?")] for name, kind in fields.items()}}
        for data in (whole, {**whole, "colour": 1}, *({**whole, name: [1]} for name in fields), {"do": do}):
            try:
                command_from(data)
                accepted = True
            except InputError:
                accepted = False
            assert accepted == (faults("command", data) == []), data
