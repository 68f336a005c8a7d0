"""A checkpoint is everything on which the next step of a training run depends, in safetensors and JSON; resuming
repeats the step bit for bit.

A folder `step-N` appears only when it is complete. Its model can be loaded by transformers.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from eda_agent.errors import Finding, InputError
from eda_agent.train.policies import parameters

KEEP = 3
"""Number of checkpoints kept; older ones are deleted."""


def save(
    folder: Path,
    step: int,
    model: Any,
    optimizer: torch.optim.Optimizer,
    state: Mapping[str, Any],
    extra: Mapping[str, Tensor],
) -> Path:
    """Write `folder/step-N`. `state`: plain data. `extra`: tensors, such as the sampler's weights."""
    target = folder / f"step-{step:06d}"
    part = folder / f".{target.name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    model.save_pretrained(part)
    save_file(_optimizer_tensors(model, optimizer), part / "optimizer.safetensors")
    rng = {"torch": torch.get_rng_state()} | {
        f"cuda.{index}": value
        for index, value in enumerate(torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [])
    }
    save_file(
        {f"rng.{name}": value for name, value in rng.items()}
        | {name: value.contiguous() for name, value in extra.items()},
        part / "state.safetensors",
    )
    (part / "state.json").write_text(json.dumps({"step": step, **state}))
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
    for old in checkpoints(folder)[:-KEEP]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def checkpoints(folder: Path) -> list[Path]:
    """Complete checkpoints, oldest first."""
    return sorted(path for path in folder.glob("step-*") if (path / "state.json").is_file())


def load(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, weights: Mapping[str, Tensor]
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Load a checkpoint's `weights` (its model's state), its optimiser's state and the random state; returns (state,
    extra tensors).

    Raises `InputError` for a folder that is not a checkpoint.
    """
    try:
        state = json.loads((path / "state.json").read_text())
        if not isinstance(state, dict) or not isinstance(state.get("step"), int):
            raise ValueError("state.json has no step")
        tensors = load_file(path / "state.safetensors")
        moments = load_file(path / "optimizer.safetensors")
        model.load_state_dict(weights, strict=False)
        _restore_optimizer(model, optimizer, moments)
        torch.set_rng_state(tensors.pop("rng.torch"))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        # torch raises RuntimeError for tensors of another shape, and RecursionError is a subclass
        raise InputError(
            Finding(f"this checkpoint cannot be read: {error}", path, fix="remove it: the previous one is used then")
        ) from None
    for name in [name for name in tensors if name.startswith("rng.cuda.")]:
        torch.cuda.set_rng_state(tensors.pop(name), int(name.rsplit(".", 1)[1]))
    return state, tensors


def _optimizer_tensors(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    result = {}
    for name, parameter in parameters(model):
        for key, value in optimizer.state.get(parameter, {}).items():
            result[f"{name}/{key}"] = (
                value.detach().clone().contiguous() if isinstance(value, Tensor) else torch.tensor(value)
            )
    return result


def _restore_optimizer(model: nn.Module, optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    by_name = dict(parameters(model))
    optimizer.state.clear()
    for key, value in tensors.items():
        name, _, entry = key.rpartition("/")
        weight = by_name[name]
        # AdamW keeps its step counter on the CPU
        optimizer.state[weight][entry] = value if entry == "step" else value.to(weight.device)
