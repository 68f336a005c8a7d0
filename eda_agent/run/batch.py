"""A batch is a text with many sizings, one JSON object a line; each is simulated from the same starting sizes.

A line is {"W1": "4u", "L1": 0.5e-6}, or {"sizing": {…}, "name": "wider pair"} as in a script of the policy `scripted`.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from eda_agent.errors import Finding, InputError
from eda_agent.problem.given_sizing import complete
from eda_agent.problem.space import Sizing
from eda_agent.problem.spec import Problem
from eda_agent.run.measure import Measured, measured_result
from eda_agent.run.widening import how_to_widen

MOST = 10_000
"""Maximum number of sizings."""
KEYS = ("sizing", "name", "reasoning")
"""Keys of a line with a `sizing`; `reasoning` is that of a script."""
EXAMPLE = 'write one JSON object a line, such as {"W1": "4u"}'


@dataclass(frozen=True)
class Entry:
    """`sizing` is legal and complete; `name` is the user's, or "line 3"."""

    name: str
    sizing: dict[str, float]


def read_batch(text: str, problem: Problem, rest: Sizing, file: Path) -> list[Entry]:
    """The sizings of a batch; omitted sizes are those of `rest`. Raises `InputError` with every fault."""
    entries: list[Entry] = []
    faults: list[Finding] = []
    widen = partial(how_to_widen, problem.path)
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            given, name = _read(line, file, number)
        except InputError as error:
            faults += error.findings
            continue
        try:
            sizing = complete(problem.space, given, rest, widen=widen, file=file, line=number)
        except InputError as error:
            faults += error.findings
            continue
        entries.append(Entry(name, sizing))
    if not faults and not 0 < len(entries) <= MOST:
        faults.append(Finding(f"a batch has 1 to {MOST:,} sizings, this one {len(entries):,}", file, fix=EXAMPLE))
    if faults:
        raise InputError(faults)
    return entries


def _read(line: str, file: Path, number: int) -> tuple[dict[str, Any], str]:
    """(sizes, name) of a line."""
    try:
        data = json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        data = None
    except InputError as error:
        raise InputError(Finding(str(error), file, number, fix="write it once")) from None
    given = data.get("sizing", data) if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(given, dict):
        raise InputError(Finding("this is no sizing", file, number, read=line.strip()[:40], fix=EXAMPLE))
    if given is data:
        return given, f"line {number}"
    for key in data:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, 1)
            fix = f"did you mean {near[0]}?" if near else f"beside sizing: {', '.join(KEYS[1:])}"
            raise InputError(Finding(f"unknown key {key[:40]!r}", file, number, fix=fix))
    return given, str(data.get("name", f"line {number}"))[:60]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; Python's reader keeps the last of equal keys, and which one is meant is unknown."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise InputError(f"{next(name for name in names if names.count(name) > 1)[:40]!r} is given twice")
    return found


def batch_result(problem: Problem, entries: Sequence[Entry], found: Sequence[Measured]) -> dict[str, Any]:
    """The results of a batch as JSON data, in order; `best` is the index of the highest score."""
    results = [
        {"index": index, "name": entry.name, **measured_result(problem, one)}
        for index, (entry, one) in enumerate(zip(entries, found, strict=True))
    ]
    best = max(range(len(found)), key=lambda index: (found[index].met, found[index].score.rank_key))
    return {"results": results, "best": best, "met": any(one.met for one in found)}
