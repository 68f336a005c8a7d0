"""Every reader of text takes time that grows with the text, and includes have a total: measured by doubling a line and
by files that include each other.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from eda_agent.errors import EdaAgentError, InputError
from eda_agent.problem.draft.circuit import read_circuit
from eda_agent.problem.netlist import parse_netlist
from eda_agent.problem.pdk import find_pdk
from eda_agent.problem.pdk.library import read_library
from eda_agent.problem.pdk.sections import library_of
from eda_agent.problem.source import read_source

CARDS = (
    ".param",
    ".subckt",
    ".option",
    ".model m nmos",
    "m1 a b c d",
    "x1 a b",
    "r1 a b",
    "r1 a b {",
    "v1 a b pulse(",
    "b1 a b v=",
    "**",
)
BODIES = ("a", " a", " a= 1", "a=1", " {", " (", " '", ' "', " a=b +", " a/b", "\t", " $", " a='b'")
LENGTH = 10_000
"""Characters of the shorter line."""
FAST = 0.5
"""Seconds that the longer one may take whatever the shorter took. What was quadratic took 6 to 23 s."""


def _circuit(path: Path) -> None:
    parse_netlist(read_source(path, [path.parent]))


def _draft(path: Path) -> None:
    read_circuit(path, path.parent)


def _library(path: Path) -> None:
    read_library(path, ())


def _lines(length: int) -> Iterator[str]:
    for card in CARDS:
        for body in BODIES:
            for between in (" ", " a="):
                yield f"{card}{between}{body * (length // len(body))}"


def _seconds(read: Callable[[Path], None], path: Path, line: str) -> float:
    path.write_text(f"* t\n.subckt a vdd vss o\n{line}\nr1 o vss 1k\n.ends\n.end\n")
    begun = time.process_time()
    # most are no netlists: what counts is that it is said soon
    with contextlib.suppress(EdaAgentError):
        read(path)
    return time.process_time() - begun


@pytest.mark.parametrize("read", [_circuit, _draft, _library], ids=["netlist", "init", "library"])
def test_twice_the_line_takes_no_more_than_twice_the_time(tmp_path: Path, read: Callable[[Path], None]) -> None:
    path = tmp_path / "x.spice"
    _seconds(read, path, "r9 a b 1k")  # what is imported on first use
    slow = []
    for short, line in zip(_lines(LENGTH), _lines(2 * LENGTH), strict=True):
        if (long := _seconds(read, path, line)) > FAST:
            slow.append((round(long, 2), round(long / max(_seconds(read, path, short), 1e-3), 1), line[:40]))
    assert not slow


@pytest.mark.parametrize("read", [_circuit, _library], ids=["netlist", "library"])
def test_files_that_include_each_other_often(tmp_path: Path, read: Callable[[Path], None]) -> None:
    """Four files of a hundred includes each were 100 million reads: 7 GB and growing."""
    for number in range(4):
        (tmp_path / f"{number}.spice").write_text(f".include {number + 1}.spice\n" * 100)
    (tmp_path / "4.spice").write_text("r1 a b 1k\n" * 10)
    begun = time.process_time()
    with pytest.raises(InputError, match="together"):
        read(tmp_path / "0.spice")
    assert time.process_time() - begun < 10


def test_a_word_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.spice"
    path.write_text(f"* t\n.subckt a b\nr1 b 0 {'a' * 3000}\n.ends\n")
    with pytest.raises(InputError, match="a word has more than"):
        read_source(path, [tmp_path])


def test_the_pattern_of_a_pdk_is_no_regular_expression(tmp_path: Path) -> None:
    """`(a+)+$` on a long name would run for ever as one."""
    (tmp_path / f"{'a' * 60}b.spice").write_text("* no device\n")
    (tmp_path / "top.lib").write_text(f".include {'a' * 60}b.spice\n")
    for pattern in ("(a+)+$", "*a" * 40 + "c"):
        begun = time.process_time()
        library_of(replace(find_pdk("sky130A"), device_files=pattern, include=()), tmp_path / "top.lib", (), [])
        assert time.process_time() - begun < 1
