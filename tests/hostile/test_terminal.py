"""Text of others is shown on a terminal and steers nothing there, whatever command shows it; a terminal without a
letter gets another one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eda_agent.cli.render import Screen
from tests.evidence import cases

EVIL = "\x1b]0;owned\x07\x1b[2J\x1b[31m\u202eevil\u2066\x9b5n\r"
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
RUN = Path("tests/fixtures/run/ota")


@pytest.fixture(scope="module")
def evil_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that somebody else made: its journal says such things wherever it may say anything."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    shutil.copytree(RUN, folder)
    lines = []
    for line in (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if "proposal" in event:
            event["proposal"]["reasoning"] = event["proposal"]["policy"] = EVIL
        if event["type"] == "run.started":
            event["problem"] = event["policy"] = EVIL
            for entry in event["parameters"]:
                entry["role"] = EVIL
        for result in event.get("specs", {}).values() if isinstance(event.get("specs"), dict) else ():
            result["why"] = EVIL
        lines.append(json.dumps(event))
    (folder / "journal.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ["show"],
        ["show", "--turn", "1"],
        ["runs"],
        ["report", "--format", "md"],
        ["report", "--format", "csv"],
        ["front"],
        ["compare"],
    ],
    ids=" ".join,
)
def test_a_run_of_somebody_else(evil_run: Path, words: list[str]) -> None:
    more = [str(evil_run.parent)] if words == ["runs"] else [str(evil_run)] * (2 if words == ["compare"] else 1)
    done = subprocess.run(
        [sys.executable, "-m", "eda_agent", words[0], *more, *words[1:]],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "300"},
    )
    assert done.returncode in {0, 1, 2}, done.stderr
    written = "".join(path.read_text(encoding="utf-8") for path in evil_run.glob("report.*"))
    assert not STEERS.search(done.stdout + done.stderr + written)


@pytest.mark.parametrize("command", ["check", "sim", "size"])
def test_a_spec_of_somebody_else(tmp_path: Path, command: str) -> None:
    text = Path("circuits/ota_5t/spec.yaml").read_text().replace("name: ota_5t", f"name: {json.dumps(EVIL)}")
    (tmp_path / "spec.yaml").write_text(text.replace("role: ", f"{json.dumps(EVIL)}: 1, role: ", 1))
    (tmp_path / "ota_5t.spice").write_text(f"* {EVIL}\n{EVIL}\n" + Path("circuits/ota_5t/ota_5t.spice").read_text())
    done = subprocess.run(
        [sys.executable, "-m", "eda_agent", command, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert not STEERS.search(done.stdout + done.stderr)


@pytest.mark.parametrize("encoding", cases(["ascii", "latin-1", "cp1252"], "ascii"))
def test_a_terminal_without_the_letters(encoding: str, tmp_path: Path) -> None:
    out = str(tmp_path / "report.md")
    for words in (
        ["show", str(RUN)],
        ["check", "circuits/ota_5t"],
        ["report", str(RUN), "--format", "md", "--out", out],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "eda_agent", *words], capture_output=True, timeout=60, check=False,
            env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        )  # fmt: skip
        assert b"Traceback" not in done.stderr and done.returncode in {0, 1}, done.stderr.decode(encoding, "replace")


def test_colours_of_our_own_stay() -> None:
    screen = Screen(force_terminal=True, color_system="standard", record=False, width=80, highlight=False)
    with screen.capture() as shown:
        screen.print("[green]ok[/] \x1b[2J")
    assert shown.get() == "\x1b[32mok\x1b[0m \\x1b[2J\n"


def test_one_place_prints() -> None:
    """Whatever is printed past it may steer a terminal."""
    found = [
        f"{path}:{number}"
        for path in Path("eda_agent").rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"(?<![\w.])print\(|std(out|err)\.write\(|(?<!\w)Console\(", line) and path.name not in {"say.py"}
        and "class Screen(Console)" not in line and "json" not in line
    ]  # fmt: skip
    assert found == ["eda_agent/cli/render.py:" + found[0].rpartition(":")[2]], "only the end of a JSON object"
