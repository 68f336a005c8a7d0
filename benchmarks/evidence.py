"""Does turn-level learning help, and which of its switches? Runs the learner's variants and writes the tables of
docs/results-0.1.0.md.

    python benchmarks/evidence.py run      train what is missing (hours; stops and goes on where it stopped)
    python benchmarks/evidence.py table    tables and plot from the records in benchmarks/results/evidence/

For each seed one warm start on three circuits; from it every variant learns with the same number of simulations, and
is then played on all shipped targets of the circuits, none of which any training saw. A record is one line: variant,
seed, curves of the best score by turn for every target, what it cost, the training's metrics.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from eda_agent.files import read_json_lines
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.train.evaluate import held_out_tasks, play
from eda_agent.train.model_bundle import make_bundle
from eda_agent.train.recipe import ModelRecipe, PoolRecipe, Recipe, RlRecipe, WarmStartRecipe
from eda_agent.train.trainer import train, untrained

HERE = Path(__file__).parent
RECORDS = HERE / "results" / "evidence" / "records.jsonl"
CIRCUITS = ("ota_5t", "two_stage_miller", "current_mirror_ota")
SEEDS = (0, 1, 2)
TURNS = 20
"""Simulations a target in the evaluation."""
BASE = RlRecipe(steps=16, tasks=12, turns=5, group=8, epochs=2, minibatches=2)

VARIANTS: dict[str, dict[str, Any]] = {
    "tl_grpo": {},
    "grpo": {"algorithm": "grpo"},
    "single_turn_grpo": {"algorithm": "single_turn_grpo"},
    "incumbent": {"incumbent": 1.0},
    "incumbent half": {"incumbent": 0.5},
    # T · G · tasks stays the same
    "G 2": {"group": 2, "tasks": 48},
    "G 4": {"group": 4, "tasks": 24},
    "G 16": {"group": 16, "tasks": 6},
    "clip 0.2": {"clip_high": 0.2},
    "clip 0.24": {"clip_high": 0.24},
    "no std": {"estimator": "centred"},
    "entropic": {"estimator": "entropic", "estimator_options": {"beta": 8.0}},
    "adaptive": {"estimator": "adaptive"},
    "max@4": {"estimator": "max_at_k", "estimator_options": {"k": 4}},
    "descendants": {"descendants": 1.0},
    "repeat": {"repeat": 0.1},
    "per circuit": {"per_circuit": True},
    "archive": {"archive": 0.5},
    "replay": {"replay": 2},
    "no history": {"history": "none"},
}
SHOWN = {
    "warm start": ("true", "none", "shuffled"),
    "tl_grpo": ("true", "none", "shuffled"),
    "incumbent": ("true", "none", "shuffled"),
}
"""Whose histories are tampered with in the evaluation."""


def recipe(seed: int, rl: RlRecipe, *, path: str | None, warm: int) -> Recipe:
    return Recipe(
        "evidence",
        CIRCUITS,
        seed,
        PoolRecipe(24, 160, 2),
        ModelRecipe(path=path),
        WarmStartRecipe(steps=warm, batch=36, turns=6),
        rl,
        save_every=100,
    )


def records() -> list[dict[str, Any]]:
    return read_json_lines(RECORDS)


def keep(row: dict[str, Any]) -> None:
    RECORDS.parent.mkdir(parents=True, exist_ok=True)
    with RECORDS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, separators=(",", ":")) + "\n")


def run(folder: Path, warm_steps: int, only: list[str]) -> None:
    done = {(row["variant"], row["seed"], row["shown"]) for row in records()}
    torch.set_num_threads(1)
    for seed in SEEDS:
        start = folder / f"warm-{seed}"
        if not (start / "model").exists():
            train(
                recipe(seed, replace(BASE, steps=0), path=None, warm=warm_steps),
                start,
                resume=(start / "recipe.yaml").exists(),
            )
        first = folder / f"untrained-{seed}"
        if not first.exists():
            untrained(recipe(seed, BASE, path=None, warm=0), first)
        measure("untrained", seed, first, done)
        measure("warm start", seed, start / "model", done)
        for name, switches in VARIANTS.items():
            if only and name not in only:
                continue
            if all((name, seed, shown) in done for shown in SHOWN.get(name, ("true",))):
                continue
            place = folder / f"{name.replace(' ', '-')}-{seed}"
            begun = time.perf_counter()
            rules = recipe(seed, replace(BASE, **switches), path=str(folder / f"warm-{seed}" / "model"), warm=0)
            train(rules, place, resume=(place / "recipe.yaml").exists())
            rows = read_json_lines(place / "metrics.jsonl")
            cost = {
                "seconds": round(time.perf_counter() - begun, 1),
                "simulations": int(sum(row["simulations"] for row in rows)),
                "reward": [row["reward"] for row in rows],
                "solved": [row["solved"] for row in rows],
                "entropy": [row.get("entropy") for row in rows],
            }
            measure(name, seed, place / "model", done, cost)
            shutil.rmtree(place / "checkpoints", ignore_errors=True)


def measure(
    name: str, seed: int, model: Path, done: set[tuple[str, int, str]], cost: dict[str, Any] | None = None
) -> None:
    """Play all shipped targets and keep the record."""
    with LocalPool(None) as executor:
        tasks = None
        for shown in SHOWN.get(name, ("true",)):
            if (name, seed, shown) in done:
                continue
            tasks = tasks or [task for circuit in CIRCUITS for task in held_out_tasks(circuit, executor)]
            kind = make_bundle(recipe(seed, replace(BASE, history=shown), path=str(model), warm=0))
            curves = play(kind, tasks, TURNS, seed)
            keep(
                {
                    "variant": name,
                    "seed": seed,
                    "shown": shown,
                    "circuits": [task.source.name for task in tasks],
                    "curves": [
                        [min(round(float(value), 4), 0.9999) if value < 1 else 1 for value in row] for row in curves
                    ],
                    **(cost or {}),
                }
            )
            print(
                f"{name} seed {seed} {shown}: mean best {curves[:, 5].mean():.4f} at 5, solved"
                f" {(curves[:, 5] >= 1).mean():.3f} at 5, {(curves[:, -1] >= 1).mean():.3f} at {TURNS}",
                flush=True,
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("run", "table"))
    parser.add_argument("--folder", type=Path, default=Path("runs/evidence"))
    parser.add_argument("--warm", type=int, default=400, help="steps of the warm start")
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    if options.what == "run":
        run(options.folder, options.warm, options.only)
    else:
        from evidence_table import write

        write(records())
