"""An imported circuit is a circuit of a public suite as a spec of ours, or the reason why it cannot be one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


class NotRunnable(Exception):
    """A circuit cannot run as its authors publish it; the message says why."""


@dataclass(frozen=True)
class Imported:
    """A circuit of a suite.

    Attributes:
        name: the suite's own name of it.
        spec: its spec; None if it cannot run.
        why: the reason then.
        remarks: what is other than in the suite.
        values: spec → value of its first sizes.
        ours: a testbench of ours measures it, not the suite's.
    """

    name: str
    spec: Path | None = None
    why: str = ""
    remarks: tuple[str, ...] = ()
    values: dict[str, float | None] = field(default_factory=dict)
    ours: bool = False
