"""A training journal stores the metrics of every step as JSON lines, and sends them to TensorBoard if it is
installed.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eda_agent.files import read_json_lines
from eda_agent.record.locked_jsonl import LockedJsonlFile


class TrainingJournal:
    """`metrics.jsonl` in a folder. A resumed run drops the steps after its checkpoint. Raises `InputError` if another
    process trains there.
    """

    def __init__(self, folder: Path, keep: Mapping[str, int]):
        """`keep`: number of steps of each phase to keep."""
        self.path = folder / "metrics.jsonl"
        self._file = LockedJsonlFile(self.path, "training journal")
        rows = [row for row in read_json_lines(self.path) if row["step"] <= keep.get(row["phase"], 0)]
        self._file.rewrite("".join(json.dumps(row) + "\n" for row in rows).encode())
        self._board: Any = None
        with contextlib.suppress(ImportError):
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=max(keep.values(), default=0) + 1)

    def add(self, phase: str, step: int, metrics: Mapping[str, float]) -> None:
        row = {"phase": phase, "step": step, **{name: _rounded(value) for name, value in metrics.items()}}
        self._file.write((json.dumps(row) + "\n").encode())
        if self._board is not None:
            for name, value in metrics.items():
                self._board.add_scalar(f"{phase}/{name}", value, step)

    def close(self) -> None:
        self._file.close()
        if self._board is not None:
            self._board.close()


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
