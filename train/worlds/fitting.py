"""A fitting record is one that can be read and whose circuit is small enough for the worlds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from eda_agent.errors import InputError
from eda_agent.problem.spec import Problem
from eda_agent.train.universal.lessons import Lesson, lesson
from eda_agent.train.universal.record import Record, read_record

LARGEST = 24, 12
"""Maximum number of parameters and of specs: larger circuits would pad all others."""


@dataclass(frozen=True)
class Fitting:
    """A record with its problem and its lesson."""

    path: Path
    record: Record
    problem: Problem
    lesson: Lesson


def fitting(paths: Iterable[Path]) -> Iterator[Fitting]:
    """The records of these files that fit, in order; others are left out. Problems are used before the next one."""
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            try:
                record = read_record(path)
                problem = record.problem(Path(folder))
                made = lesson(record, problem)
            except InputError:
                continue
            if made is not None and len(made.graph.initial) <= LARGEST[0] and len(made.graph.metrics) <= LARGEST[1]:
                yield Fitting(path, record, problem, made)
