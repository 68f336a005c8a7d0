"""What programs read: errors, results and batches as JSON, through the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal

from ..conftest import CIRCUITS
from ..within import run as eda

OTA = str(CIRCUITS / "ota_5t")


@pytest.fixture(scope="module")
def sized(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("runs") / "random"
    done = eda("size", OTA, "--policy", "random", "--budget", "9", "--out", folder, "--json")
    assert done.returncode == 1, done.stderr
    return folder, json.loads(done.stdout)


@pytest.mark.parametrize(
    ("words", "kind", "status", "says"),
    [
        (("sim", "nowhere", "--json"), "input", 2, "cannot read the file"),
        (("check", "--json"), "usage", 2, "required: spec"),
        (("size", OTA, "--budget", "x", "--json"), "usage", 2, "must be a whole number"),
        (("size", OTA, "--policy", "nobody", "--json"), "usage", 2, "nobody"),
        (("show", "nowhere", "--json"), "input", 2, "folder of a run"),
        (("size", OTA, "--policy", "scripted", "--json"), "input", 2, "needs a script"),
    ],
)
def test_an_error_is_one_object_and_a_message(words: tuple[str, ...], kind: str, status: int, says: str) -> None:
    done = eda(*words)
    told = json.loads(done.stdout)["error"]
    assert (told["kind"], told["exit_status"], done.returncode) == (kind, status, status)
    assert says in told["message"] and says in done.stderr
    # people and pipes see what they saw before
    assert eda(*words[:-1]).stdout == ""


def test_findings_have_file_line_and_fix(tmp_path: Path) -> None:
    text = (CIRCUITS / "ota_5t" / "spec.yaml").read_text()
    (tmp_path / "ota_5t.spice").write_text((CIRCUITS / "ota_5t" / "ota_5t.spice").read_text())
    lines = [*text.splitlines(), "colour: blue", "budget: {simulations: many}"]
    (tmp_path / "spec.yaml").write_text(
        "\n".join(line for line in lines if not line.startswith("budget: {sim") or line == lines[-1])
    )
    told = json.loads(eda("check", tmp_path, "--json").stdout)["error"]
    first = told["findings"][0]
    assert first["file"] == str(tmp_path / "spec.yaml")
    assert "colour" in (tmp_path / "spec.yaml").read_text().splitlines()[first["line"] - 1]
    assert set(first) == {"message", "file", "line", "where", "read", "fix"}


def test_size_and_show_tell_the_same(sized: tuple[Path, dict[str, Any]]) -> None:
    folder, told = sized
    shown = json.loads(eda("show", folder, "--json").stdout)
    for name, value in told.items():
        if name == "seconds":
            assert shown[name] == pytest.approx(value, rel=0.2)
        else:
            assert shown[name] == value, name
    assert told["curve"] == fold(read_journal(folder / "journal.jsonl")).curve
    assert told["simulator_seconds"] > 0 and 0 < told["seconds"] < 100


def test_a_result_says_what_changed_and_what_it_did(sized: tuple[Path, dict[str, Any]]) -> None:
    folder, told = sized
    turns = {turn["index"]: turn for turn in fold(read_journal(folder / "journal.jsonl")).turns}
    best, start = turns[told["best_turn"]], turns[0]
    changed = told["changed_from_start"]
    assert changed["against"] == 0
    assert {name: (one["before"], one["after"]) for name, one in changed["sizes"].items()} == {
        name: (start["sizing"][name], value) for name, value in best["sizing"].items() if value != start["sizing"][name]
    }
    gbw = changed["effect"]["gbw"]
    assert (gbw["before"], gbw["after"]) == (start["specs"]["gbw"]["value"], best["specs"]["gbw"]["value"])
    assert changed["gained"] == best["score"] - start["score"]
    point = told["operating_points"]["xm5"]
    assert point["region"] == "saturation" and point["margin"] > 0
    assert told["specs"]["gbw"]["corners"] == {
        corner: row["gbw"] for corner, row in best["evaluation"]["values"].items()
    }


def test_sizes_at_an_end_are_said_and_the_next_steps_run(sized: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    done = eda("sim", OTA, "--set", "W12=100u", "--set", "Wb=1u", "--set", "mt=1", "--json")
    ends = {(one["parameter"], one["side"]) for one in json.loads(done.stdout)["at_limit"]}
    # a multiplier of 1 has no less
    assert ends == {("W12", "maximum"), ("Wb", "minimum")}
    _, told = sized
    steps = [step["command"] for step in told["next"] if step["command"]]
    assert any(step[1] == "size" and "--resume" in step for step in steps)
    for step in steps:
        if step[1] == "sensitivity":
            done = eda(*step[1:])
            assert json.loads(done.stdout)["slopes"]["gbw"]["W12"] is not None, done.stderr


def test_a_batch_is_simulated_as_single_sizings_are(tmp_path: Path) -> None:
    lines = ['{"W12": "8u"}', "", '{"sizing": {"mt": 8, "Wb": 4e-6}, "name": "more current"}']
    (tmp_path / "many.jsonl").write_text("\n".join(lines))
    told = json.loads(eda("sim", OTA, "--batch", tmp_path / "many.jsonl", "--json").stdout)
    assert [row["name"] for row in told["results"]] == ["line 1", "more current"]
    for row, sizes in zip(told["results"], (["W12=8u"], ["mt=8", "Wb=4u"]), strict=True):
        alone = json.loads(eda("sim", OTA, *(word for size in sizes for word in ("--set", size)), "--json").stdout)
        for name in ("score", "sizing", "specs", "operating_points", "met", "unsound"):
            assert alone[name] == row[name], name
    scores = [row["score"] for row in told["results"]]
    assert told["best"] == scores.index(max(scores)) and told["met"] is False
    done = eda("sim", OTA, "--batch", "-", stdin="\n".join(lines))
    assert done.returncode == 1 and "more current" in done.stdout and "≥ 25 MHz" in done.stdout


def test_every_fault_of_a_batch_is_said_before_anything_is_simulated() -> None:
    done = eda("sim", OTA, "--batch", "-", "--json", stdin='{"W12":"8q"}\n{"W13":1, "mt": 900}\nhello\n{"mt": 2}\n[1]')
    found = json.loads(done.stdout)["error"]["findings"]
    assert [one["line"] for one in found] == [1, 2, 2, 3, 5] and done.returncode == 2
    assert "W34" in found[1]["fix"] and "1 to 20" in found[2]["message"]
    empty = eda("sim", OTA, "--batch", "-", "--json", stdin="\n")
    assert "1 to 10,000 sizings" in json.loads(empty.stdout)["error"]["message"]


def test_an_exhausted_script_says_which_line_was_bad(tmp_path: Path) -> None:
    lines = ['{"sizing": {"W12": "5u"}}', "", '{"sizing": {"W13": "5u"}}']
    (tmp_path / "script.jsonl").write_text("\n".join(lines))
    words = ("size", OTA, "--policy", "scripted", "--script", tmp_path / "script.jsonl", "--budget", "3")
    told = json.loads(eda(*words, "--out", tmp_path / "one", "--json").stdout)
    assert told["stop"] == "no progress" and told["simulations"] == 1
    assert told["unusable"]["count"] == 20
    said = told["unusable"]["last_error"]
    assert said.startswith("line 3 of the script: unknown parameter 'W13'") and "no more lines" in said
    assert json.loads(eda("show", tmp_path / "one", "--json").stdout)["unusable"] == told["unusable"]
    done = eda(*words, "--out", tmp_path / "two")
    assert "20 proposals could not be used; the last: line 3 of the script" in done.stderr
