"""docs/extending.md is followed by the letter: its files are written into a copy of the package, and its commands are
run.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)([^\n]*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [line.removeprefix("$ ") for kind, _, text in BLOCKS if kind == "console" for line in text.splitlines()]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package, file by file a link, and what the page adds to it."""
    folder = tmp_path_factory.mktemp("extended")
    for path in sorted((ROOT / "eda_agent").rglob("*")):
        target = folder / path.relative_to(ROOT)
        if path.is_dir() and not path.is_symlink():
            target.mkdir(parents=True, exist_ok=True)
        elif path.parent.name != "__pycache__":
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(path.resolve())
    for _, about, text in BLOCKS:
        words = dict(word.split("=", 1) for word in shlex.split(about))
        if "title" in words:
            target = folder / words["title"]
            assert not target.exists(), f"{words['title']} is there already"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        elif "insert" in words:
            target = folder / words["insert"]
            before = target.read_text(encoding="utf-8")
            assert before.count(words["after"] + "\n") == 1
            target.unlink()
            target.write_text(before.replace(words["after"] + "\n", f"{words['after']}\n{text}"), encoding="utf-8")
    return folder


def run(workplace: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=workplace, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(workplace)},
    )  # fmt: skip


def command(workplace: Path, line: str) -> subprocess.CompletedProcess[str]:
    program, *words = shlex.split(line)
    return run(workplace, *(["-m", "eda_agent"] if program == "eda-agent" else []), *words)


def test_the_page_has_an_example_of_everything() -> None:
    sections = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    assert sections == [
        "A circuit",
        "A metric",
        "A testbench template",
        "A PDK",
        "A policy",
        "An executor",
        "A command",
    ]
    assert len(COMMANDS) == len(set(COMMANDS)) == 7


@pytest.mark.parametrize(
    ("line", "status", "says"),
    [
        ("eda-agent check lowpass", 0, r"lowpass: 2 parameters, 1 spec, 1 corner"),
        ("eda-agent sim lowpass --set R=2k --set C=1p", 0, r"edge_time .*4\.(39|4)\d* ns(.|\n)*every spec met"),
        ("eda-agent check buffer", 0, r"buffer: 1 parameter, 2 specs, 1 corner, 4 MOSFETs\nmodels a fab, 180 nm"),
        ("eda-agent sim buffer", 0, r"edge_time .*\d ps(.|\n)*gate_area .*1\.08 um²(.|\n)*every spec met"),
        ("eda-agent size lowpass --policy halton --budget 40 --out run", 0, r"policy halton(.|\n)*met"),
        ("python counted.py", 0, r"\{'step': 1\} \{'edge_time': 4\.[34]\d+e-09\}"),
        ("eda-agent count lowpass", 0, r"^2$"),
    ],
)
def test_its_commands(workplace: Path, line: str, status: int, says: str) -> None:
    assert line in COMMANDS
    done = command(workplace, line)
    assert done.returncode == status, done.stderr
    assert re.search(says, done.stdout + done.stderr, re.MULTILINE), done.stdout + done.stderr


def test_the_metric_is_right_by_its_second_method(workplace: Path) -> None:
    done = run(workplace, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/measurements/test_edge_time.py")
    assert done.returncode == 0, done.stdout


def test_without_what_the_page_adds_its_commands_do_not_run(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "circuits" / "ota_5t", tmp_path / "ota_5t")
    for words in (("count", "ota_5t"), ("size", "ota_5t", "--policy", "halton")):
        done = subprocess.run(
            [sys.executable, "-m", "eda_agent", *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2 and " is no " in done.stderr
