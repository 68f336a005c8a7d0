"""Progress of a training run on a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

SHOWN = ("loss", "entropy", "reward", "best", "solved", "kl")


class TrainingView:
    """A progress bar per phase with its latest metrics on a terminal; a line at intervals elsewhere."""

    def __init__(self, screen: Console, *, quiet: bool):
        self.screen, self.quiet = screen, quiet
        self.bars: dict[str, TaskID] = {}
        self.said = 0.0
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed}/{task.total}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[state]}"),
        )
        self.progress = Progress(*columns, console=screen, disable=quiet or not screen.is_terminal)

    def __enter__(self) -> Callable[[str, int, int, Mapping[str, float]], None]:
        self.progress.start()
        return self.tell

    def __exit__(self, *_: Any) -> None:
        self.progress.stop()

    def tell(self, phase: str, done: int, of: int, metrics: Mapping[str, float]) -> None:
        state = "  ".join(f"{name} {metrics[name]:.3f}" for name in SHOWN if name in metrics)
        if self.progress.disable:
            now = time.monotonic()
            if not self.quiet and (now - self.said > 10 or done == of):
                self.said = now
                self.screen.print(f"{phase} {done}/{of}  {state}", markup=False, soft_wrap=True)
            return
        if phase not in self.bars:
            self.bars[phase] = self.progress.add_task(phase.replace("_", " "), total=of, state="")
        self.progress.update(self.bars[phase], completed=done, total=of, state=state)
