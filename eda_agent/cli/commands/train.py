"""`eda-agent train`: train a model from a recipe, resumably, with its progress."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from eda_agent.cli.options import Commands, add_json


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "train",
        help="train a policy",
        description=(
            "Train by warm start and turn-level reinforcement learning on the simulator. Ctrl-C stops; --resume"
            " continues."
        ),
    )
    parser.add_argument(
        "recipe",
        type=Path,
        nargs="?",
        help="a YAML file such as train/recipes/tiny.yaml; with --resume also the folder of the run",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the run (default runs/train-NAME)")
    parser.add_argument("--resume", action="store_true", help="continue the run in --out")
    parser.add_argument(
        "--plan",
        choices=("h100", "h200", "a100"),
        help="print what the recipe of a language model needs on this GPU, and exit",
    )
    parser.add_argument("--fields", action="store_true", help="print every key of a recipe with its default, and exit")
    add_json(parser)
    parser.set_defaults(func=train_command)


def train_command(options: argparse.Namespace) -> int:
    """Return 0 when the training is complete."""
    from eda_agent.cli.render import console, print_json
    from eda_agent.cli.say import command, write
    from eda_agent.cli.training import TrainingView
    from eda_agent.errors import InputError, MissingError

    try:
        from eda_agent.train.recipe import load_recipe, reference

        if options.fields:
            write(f"{reference()}\n")
            return 0
        from eda_agent.train.trainer import train
    except ImportError as error:
        raise MissingError(
            f"training needs a package that is not installed: {error.name}\n    → pip install 'eda-agent[train]'"
        ) from None
    path, out = options.recipe, options.out
    if path is None:
        raise InputError(
            "no recipe given\n    → eda-agent train train/recipes/tiny.yaml, or --fields for the keys of a recipe"
        )
    if path.is_dir():
        out, path = out or path, path / "recipe.yaml"
    recipe = load_recipe(path)
    if options.plan:
        from eda_agent.train.plan import CARDS, make_plan

        write(f"{make_plan(recipe, CARDS[options.plan]).text(CARDS[options.plan])}\n")
        return 0
    folder: Path = out or Path("runs") / f"train-{recipe.name}"
    start = time.perf_counter()
    with TrainingView(console(), quiet=options.json) as tell:
        model = train(recipe, folder, resume=options.resume, tell=tell)
    seconds = time.perf_counter() - start
    if options.json:
        print_json({"folder": str(folder), "model": str(model), "seconds": round(seconds, 1)})
    else:
        console(to_stdout=True).print(
            f"model    {model}\nmetrics  {folder / 'metrics.jsonl'}\nuse it  "
            f" {command('size', 'SPEC', '--policy', 'local', '--model', model)}",
            markup=False,
            soft_wrap=True,
        )
    return 0
