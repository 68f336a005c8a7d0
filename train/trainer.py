"""A training run simulates pools, imitates their good turns (`imitation`) and then learns from its own
(`reinforcement`).

The folder holds `recipe.yaml`, `metrics.jsonl`, `tensorboard/`, `checkpoints/` and at the end `model/`, the folder for
`--policy local --model`.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import torch
import yaml

from eda_agent.errors import EdaAgentError, Finding, InputError
from eda_agent.files import write_text
from eda_agent.simulation.executors import open_pool
from eda_agent.train.distributed import join_processes
from eda_agent.train.imitation import Examples, imitate
from eda_agent.train.model_bundle import make_bundle
from eda_agent.train.progress import Progress
from eda_agent.train.recipe import Recipe, load_recipe, recipe_data, spans
from eda_agent.train.reinforcement import reinforce
from eda_agent.train.sources import Tell, open_sources, targets_of
from eda_agent.train.tasks import Curriculum, check_circuits


def train(recipe: Recipe, folder: Path, *, resume: bool = False, tell: Tell = lambda *_: None) -> Path:
    """Run a recipe in `folder`. An interrupt (Ctrl-C) stores a checkpoint and is raised again.

    Returns:
        the folder of the finished model.

    Raises:
        InputError: the recipe cannot run, the folder holds another run, or it holds a run and `resume` is False.
    """
    check_circuits(recipe.circuits)
    given, others = targets_of(recipe), join_processes()
    if others.rank == 0:
        _claim(recipe, folder, resume)
    torch.manual_seed(recipe.seed)
    kind = make_bundle(recipe)
    with contextlib.closing(open_pool(recipe.workers, recipe.cluster)) as executor:
        # the first process simulates the pools, the others read them
        sources = list(open_sources(recipe, executor, tell, given)) if others.rank == 0 else []
        others.wait()
        sources = sources or list(open_sources(recipe, executor, given=given))
        curriculum = Curriculum(sources, recipe.rl.tight, given=given, bounds=spans(recipe.bounds))
        examples = Examples(recipe, kind, curriculum, others)
        progress = Progress(recipe, folder, kind, tell, others)
        try:
            imitate(progress, examples)
            reinforce(progress, examples, curriculum)
        except torch.OutOfMemoryError:
            raise EdaAgentError(
                "the device's memory is full\n    → smaller rl.row_tokens, model.checkpointing: true, or fewer"
                " rl.tasks; the last checkpoint is intact"
            ) from None
        finally:
            progress.close()
    others.wait()
    return kind.save(folder / "model") if others.rank == 0 else folder / "model"


def _claim(recipe: Recipe, folder: Path, resume: bool) -> None:
    """Write the recipe into the folder, or compare it with the stored one."""
    path = folder / "recipe.yaml"
    if path.exists():
        if not resume:
            raise InputError(
                Finding("this folder already holds a training run", folder, fix="add --resume, or choose another --out")
            )
        then = load_recipe(path)
        changed = [key for key, value in recipe_data(recipe).items() if recipe_data(then)[key] != value]
        if changed:
            raise InputError(
                Finding(
                    f"the run was started with another recipe: {', '.join(changed)} differ",
                    folder,
                    fix=f"give {path}, or start a new run",
                )
            )
    folder.mkdir(parents=True, exist_ok=True)
    write_text(path, yaml.safe_dump(recipe_data(recipe), sort_keys=False))


def untrained(recipe: Recipe, folder: Path) -> Path:
    """The initial model of a recipe, for comparison."""
    torch.manual_seed(recipe.seed)
    return make_bundle(recipe).save(folder)
