"""`eda-agent train`: a training run from a recipe, with its progress; resumable."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from eda_agent.cli.render import console, print_json
from eda_agent.cli.say import command, write
from eda_agent.errors import InputError, MissingError

SHOWN = ("loss", "entropy", "reward", "best", "solved", "kl")


def train_command(options: argparse.Namespace) -> int:
    """0 when the run is complete."""
    try:
        from eda_agent.train.recipe import load_recipe, reference

        if options.fields:
            write(f"{reference()}\n")
            return 0
        from eda_agent.train.trainer import train
    except ImportError as error:
        raise MissingError(f"training needs a package that is not installed: {error.name}\n    → pip install 'eda-agent[train]'") from None
    path, out = options.recipe, options.out
    if path is None:
        raise InputError("no recipe is named\n    → eda-agent train train/recipes/tiny.yaml, or --fields for what a recipe may say")
    if path.is_dir():
        out, path = out or path, path / "recipe.yaml"
    recipe = load_recipe(path)
    if options.plan:
        from eda_agent.train.plan import CARDS, make_plan

        write(f"{make_plan(recipe, CARDS[options.plan]).text(CARDS[options.plan])}\n")
        return 0
    folder: Path = out or Path("runs") / f"train-{recipe.name}"
    start = time.perf_counter()
    with _View(console(), quiet=options.json) as tell:
        model = train(recipe, folder, resume=options.resume, tell=tell)
    seconds = time.perf_counter() - start
    if options.json:
        print_json({"folder": str(folder), "model": str(model), "seconds": round(seconds, 1)})
    else:
        console(to_stdout=True).print(
            f"model    {model}\nmetrics  {folder / 'metrics.jsonl'}\nuse it   {command('size', 'SPEC', '--policy', 'local', '--model', model)}",
            markup=False,
            soft_wrap=True,
        )
    return 0


class _View:
    """Progress on a terminal: a bar a phase with its latest metrics; elsewhere a line now and then."""

    def __init__(self, screen: Console, *, quiet: bool):
        self.screen, self.quiet = screen, quiet
        self.bars: dict[str, TaskID] = {}
        self.said = 0.0
        columns = (
            TextColumn("{task.description}"), BarColumn(bar_width=24), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn(),
            TimeRemainingColumn(), TextColumn("{task.fields[state]}"),
        )  # fmt: skip
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
