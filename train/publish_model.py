"""Publishing puts a trained model into the package, with half the bytes per weight and a record of its training.

    python -m eda_agent.train.publish_model RUN [FOLDER] [--keep SHARE [--of OTHER]]

`--keep` takes a weighted mean of the initial weights of the run, or those in OTHER, and the final ones: it keeps most
of the gain on the circuits of the training and avoids most of the loss on others (Wortsman et al., arXiv 2109.01903,
for fine-tuning).

RUN is the folder of a training run; FOLDER is the destination, by default the package's own. The record,
`training.json`, has the recipe, the simulations of pools and rollouts, seconds, and the curves of the training in a few
points.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from eda_agent.agent.language import words
from eda_agent.errors import EdaAgentError, Finding, InputError
from eda_agent.files import read_json_lines, write_text
from eda_agent.train.recipe import load_recipe, recipe_data

LARGEST = 12 * 2**20
"""Maximum size of the weights in the package, in bytes."""
POINTS = 40
"""Points of a curve in the record."""


def publish(run: Path, folder: Path, keep: float = 0.0, of: Path | None = None) -> dict[str, Any]:
    """Write the model of a finished run; returns its record. `keep`: share of the initial weights, or of those in the
    folder `of`. Raises `InputError` if there is none, or it is too large.
    """
    model = run / "model"
    if not (model / "model.safetensors").is_file():
        raise InputError(Finding("there is no finished model", model, fix="let `eda-agent train` finish first"))
    ended = load_file(model / "model.safetensors")
    if keep:
        begun = _begun_from(run) if of is None else _weights(of, of)
        if not 0.0 < keep < 1.0 or begun.keys() != ended.keys():
            raise InputError(
                f"{run}: cannot keep {keep:g} of the initial weights\n    → a share between 0 and 1, of a model of the"
                " same shape"
            )
        ended = {
            name: keep * begun[name].astype(np.float32) + (1.0 - keep) * value.astype(np.float32)
            for name, value in ended.items()
        }
    weights = {name: value.astype(np.float16) for name, value in ended.items()}
    wide = [name for name, value in weights.items() if not np.isfinite(value).all()]
    if wide:
        raise InputError(f"{model}: weights do not fit into 16 bits: {', '.join(wide)}")
    size = sum(value.nbytes for value in weights.values())
    if size > LARGEST:
        raise InputError(f"{model}: {size / 2**20:.1f} MiB of weights; the package holds at most {LARGEST / 2**20:.0f}")
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    if config.get("language") != words.VERSION:
        raise InputError(f"{model}: uses version {config.get('language')} of the compact language, not {words.VERSION}")
    folder.mkdir(parents=True, exist_ok=True)
    record = training_record(run, sum(value.size for value in weights.values())) | ({"kept": keep} if keep else {})
    if of is not None and (of / "training.json").is_file():
        record["kept_of"] = {"steps": json.loads((of / "training.json").read_text(encoding="utf-8"))["steps"]}
    part = folder / "model.part"
    save_file(weights, part, metadata={"format": "pt"})
    part.replace(folder / "model.safetensors")
    write_text(folder / "config.json", json.dumps({**config, "dtype": "float16"}, indent=1, sort_keys=True) + "\n")
    write_text(folder / "training.json", json.dumps(record, indent=1) + "\n")
    return record


def _begun_from(run: Path) -> dict[str, Any]:
    """The initial weights of a run. Raises `InputError` if it started from scratch or they are missing."""
    return _weights(Path(load_recipe(run / "recipe.yaml").model.path or ""), run / "recipe.yaml")


def _weights(folder: Path, said: Path) -> dict[str, Any]:
    """`said`: the file that names the folder."""
    if not (folder / "model.safetensors").is_file():
        raise InputError(Finding("the initial model of the run is missing", said, where="model.path"))
    return dict(load_file(folder / "model.safetensors"))


def training_record(run: Path, parameters: int) -> dict[str, Any]:
    """How a run's model was trained; `begun_from` is the record of its initial model."""
    recipe = load_recipe(run / "recipe.yaml")
    rows = read_json_lines(run / "metrics.jsonl")
    phases = {phase: [row for row in rows if row["phase"] == phase] for phase in ("warm_start", "rl")}
    generated = recipe.generated
    before = Path(recipe.model.path or "") / "training.json"
    begun = (
        {"begun_from": json.loads(before.read_text(encoding="utf-8"))} if recipe.model.path and before.is_file() else {}
    )
    stored = len(recipe.circuits) * recipe.pool.conditions * recipe.pool.designs
    stored += generated.count * generated.pool.conditions * generated.pool.designs
    return {
        "parameters": parameters, "recipe": recipe_data(recipe),
        "simulations": {"pools": stored, "rollouts": int(sum(row["simulations"] for row in phases["rl"]))},
        "seconds": {phase: round(sum(row["step_time"] for row in part)) for phase, part in phases.items()},
        "steps": {phase: len(part) for phase, part in phases.items()},
        "curves": {
            "warm_start": _curve(phases["warm_start"], ("loss", "entropy")),
            "rl": _curve(phases["rl"], ("reward", "best", "solved", "entropy", "outcome")),
        },
        **begun,
    }  # fmt: skip


def _curve(rows: Sequence[Mapping[str, float]], names: Sequence[str]) -> dict[str, list[float]]:
    """Means over equal stretches of the steps."""
    stretches = np.array_split(np.arange(len(rows)), min(POINTS, len(rows))) if rows else []
    result: dict[str, list[float]] = {"step": [int(stretch[-1]) + 1 for stretch in stretches]}
    for name in names:
        if rows and name in rows[0]:
            result[name] = [
                float(f"{np.mean([rows[int(index)][name] for index in stretch]):.4g}") for stretch in stretches
            ]
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m eda_agent.train.publish_model", description="Put a trained model into the package."
    )
    parser.add_argument("run", type=Path)
    parser.add_argument(
        "--keep",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="share of the run's initial weights to keep (default 0)",
    )
    parser.add_argument("--of", type=Path, metavar="OTHER", help="keep weights of this folder instead")
    parser.add_argument(
        "folder", type=Path, nargs="?", default=Path(str(resources.files("eda_agent.agent.language"))) / "weights"
    )
    options = parser.parse_args(arguments)
    try:
        record = publish(options.run, options.folder, options.keep, options.of)
    except EdaAgentError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{record['parameters']:,} weights, {record['simulations']}, {options.folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
