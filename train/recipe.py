"""A recipe is the complete definition of a training run, as one YAML file. Every field is typed and documented.

`python -m eda_agent.train.recipe` prints all fields.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import yaml

from eda_agent.problem.located_node import LocatedNode, read_marked
from eda_agent.units import QuantityError, parse_quantity


def _say(text: str, default: Any = MISSING) -> Any:
    """A field with its description."""
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata={"doc": text})
    return field(default=default, metadata={"doc": text})


@dataclass(frozen=True)
class PoolRecipe:
    """Designs simulated before training: the source of targets and first examples."""

    conditions: int = _say(
        "random conditions per circuit: process, supply, temperature, load; the model does not see them", 16
    )
    designs: int = _say("designs simulated under each condition", 160)
    rounds: int = _say("number of times that new designs are derived from the best so far", 2)
    seed: int | None = _say(
        "seed of these simulations; None for the recipe's. Another run can learn from the same designs", None
    )
    ranges: Mapping[str, str] = _say(
        "LOW..HIGH of vdd, temperature or a testbench's setting, instead of the usual range", {}
    )


@dataclass(frozen=True)
class GeneratedRecipe:
    """Circuits composed for the training, besides the named ones."""

    count: int = _say("number of different circuits that simulate", 0)
    share: float = _say("share of the tasks drawn from them", 0.5)
    pool: PoolRecipe = _say("their designs", PoolRecipe(conditions=8, designs=60, rounds=1))


@dataclass(frozen=True)
class ModelRecipe:
    """The policy to train."""

    kind: Literal["compact", "text"] = _say(
        "compact: our language and a model from scratch; text: a causal language model of transformers", "compact"
    )
    path: str | None = _say("folder or name of the initial model; None starts from scratch (compact only)", None)
    config: str | None = _say("text: a config.json for --plan, if the weights are not on this machine", None)
    width: int = _say("compact: width of a token", 128)
    layers: int = _say("compact: blocks", 5)
    heads: int = _say("compact: attention heads", 4)
    hidden: int = _say("compact: width of the gated layer", 344)
    points: bool = _say("compact: encode operating points by role", True)
    lora: int = _say("text: rank of LoRA adapters; 0 trains all weights", 0)
    lora_alpha: float = _say("text: scale of the adapters", 32.0)
    dtype: Literal["float32", "bfloat16"] = _say(
        "precision of the forward and backward pass; weights and optimiser stay float32 from scratch", "float32"
    )
    checkpointing: bool = _say("compute activations again in the backward pass instead of storing them", False)
    max_tokens: int = _say("text: maximum answer length", 400)
    constrained: bool = _say("text: constrain answers to legal sizings (JSON schema)", True)


@dataclass(frozen=True)
class WarmStartRecipe:
    """Supervised steps before reinforcement learning: histories of pool designs, answered by a design that meets the
    target.
    """

    steps: int = _say("optimiser steps; 0 for none", 300)
    batch: int = _say("histories per step", 32)
    turns: int = _say("maximum number of designs in a history, including the baseline", 5)
    learning_rate: float = _say("peak value; warm-up over 20 steps, then a cosine down to a tenth", 1e-3)
    dropout: float = _say("of residuals and embeddings", 0.1)
    dtype: Literal["model", "float32", "bfloat16"] = _say("precision of these steps; model: the model's", "model")
    jitter: int = _say("labels are moved by up to this number of levels", 1)
    runs: tuple[str, ...] = _say("folders of runs of any policy to learn from too, unchanged and in hindsight", ())
    outcomes: int = _say("designs per history whose results are predicted", 0)
    climb: float = _say(
        "share of histories answered by a better neighbour of their best design instead of one that meets the target",
        0.5,
    )


@dataclass(frozen=True)
class RlRecipe:
    """Reinforcement learning on the simulator."""

    algorithm: Literal["tl_grpo", "grpo", "single_turn_grpo"] = _say(
        "how trajectories are sampled and credited", "tl_grpo"
    )
    steps: int = _say("batches of tasks; 0 for none", 100)
    tasks: int = _say("tasks per batch", 16)
    turns: int = _say("T: maximum turns of a trajectory", 5)
    group: int = _say("G: actions per turn", 8)
    tight: float = _say("share of tasks with a target close to a known design", 0.5)
    learning_rate: float = _say("constant after 5 steps of warm-up", 2e-4)
    epochs: int = _say("passes over a batch", 1)
    minibatches: int = _say("optimiser steps per pass", 1)
    clip_low: float = _say("the ratio is clipped below 1 − this", 0.2)
    clip_high: float = _say("the ratio is clipped above 1 + this", 0.28)
    sequence_ratio: bool = _say(
        "one ratio per answer instead of one per token (GSPO), for mixture-of-experts models", False
    )
    estimator: Literal["standardised", "centred", "entropic", "adaptive", "max_at_k"] = _say(
        "estimator of advantages from the rewards of a group", "standardised"
    )
    estimator_options: Mapping[str, float] = _say("entropic: beta; adaptive: divergence; max_at_k: k", {})
    incumbent: float = _say("λ: reward (1 − λ) r + λ max(0, r − best so far)", 0.0)
    descendants: float | None = _say("γ: the trajectory's own action gets the best discounted later reward", None)
    repeat: float = _say("penalty of a design that the trajectory had before", 0.0)
    per_circuit: bool = _say("scale advantages to the same size in every circuit", False)
    replay: int = _say(
        "supervised steps as in the warm start before each batch, while it is simulated, against forgetting (compact)",
        0,
    )
    outcomes: float = _say(
        "weight of the loss of predicting each action's results; 0 disables the questions (compact)", 0.0
    )
    archive: float = _say("share of trajectories that start after designs of the pool", 0.0)
    temperature: float = _say("of sampling", 1.0)
    kl: float = _say("weight of the divergence from the model at the start of this phase", 0.0)
    kl_kind: Literal["k2", "k3"] = _say("its estimator", "k2")
    correction: float | None = _say(
        "largest importance weight between sampler and trainer; None for no correction", 2.0
    )
    ahead: bool = _say("simulate the next batch while learning from this one; its policy is one step older", True)
    row_tokens: int = _say("tokens per forward pass; gradients of a step are accumulated over several", 16384)
    history: Literal["true", "none", "shuffled"] = _say("the turns that the policy sees: an ablation", "true")


@dataclass(frozen=True)
class Recipe:
    """A training run."""

    name: str = _say("of the run and its folder")
    circuits: tuple[str, ...] = _say("shipped circuits to learn on, or spec files")
    seed: int = _say("of everything", 0)
    pool: PoolRecipe = _say("designs simulated beforehand", PoolRecipe())
    model: ModelRecipe = _say("the policy", ModelRecipe())
    warm_start: WarmStartRecipe = _say("supervised steps", WarmStartRecipe())
    rl: RlRecipe = _say("reinforcement learning", RlRecipe())
    generated: GeneratedRecipe = _say("circuits composed for the training", GeneratedRecipe())
    workers: int | None = _say("number of simulator processes; None for all cores", None)
    cluster: str | None = _say(
        "Ray cluster that simulates: local, auto or HOST:PORT; None for this machine without Ray", None
    )
    threads: int | None = _say(
        "torch threads; None for all cores in the warm start and one afterwards, leaving the others to the simulator",
        None,
    )
    sampler: Literal["own", "vllm"] = _say("text: transformers here, or a vLLM server at `endpoint`", "own")
    endpoint: str | None = _say("of the vLLM server", None)
    save_every: int = _say("steps between checkpoints", 25)
    bounds: Mapping[str, str] = _say(
        "spec: LOW..HIGH of uniform targets, instead of the range that many designs reach", {}
    )
    targets: str | None = _say("a file of targets to train on instead of random ones; held-out ones are refused", None)


def load_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises `InputError` with every fault at once."""
    top = read_marked(path)
    recipe = _build(Recipe, top)
    top.report.raise_if_any()
    return cast(Recipe, recipe)


def recipe_data(recipe: Recipe) -> dict[str, Any]:
    """A recipe as plain data, in full."""
    return cast(dict[str, Any], _plain(dataclasses.asdict(recipe)))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def _build(kind: Any, node: LocatedNode) -> Any:
    """An instance of a recipe's class; faults are reported and the default is used."""
    hints = typing.get_type_hints(kind)
    fields = {entry.name: entry for entry in dataclasses.fields(kind)}
    given = node.mapping("a group of a recipe")
    node.only(*fields)
    values = {}
    for key, child in given.items():
        if key not in fields:
            continue
        if dataclasses.is_dataclass(hints[key]):
            values[key] = _build(hints[key], child)
            continue
        try:
            values[key] = _value(hints[key], child.value)
        except ValueError as error:
            child.wrong(str(error), fields[key].metadata["doc"])
    for name, entry in fields.items():
        if entry.default is MISSING and entry.default_factory is MISSING and name not in values:
            if name not in given:
                node.wrong(f"the key {name!r} is missing", entry.metadata["doc"])
            values[name] = None
    return kind(**values)


def _value(hint: Any, value: Any) -> Any:
    """A text as a value of a type; raises ValueError with the expected form."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        kinds = [entry for entry in arguments if entry is not type(None)]
        return None if value is None or value == "none" else _value(kinds[0], value)
    if origin is tuple and isinstance(value, list) and all(isinstance(entry.value, str) for entry in value):
        return tuple(entry.value for entry in value)
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, dict):
        if arguments[1] is str:
            return {key: f"{span(entry.value)[0]!r}..{span(entry.value)[1]!r}" for key, entry in value.items()}
        return {key: _value(float, entry.value) for key, entry in value.items()}
    if isinstance(value, str):
        if origin is Literal and value in arguments:
            return value
        if hint is bool and value in {"true", "false"}:
            return value == "true"
        if hint is str:
            return value
        if hint is int and value.isdecimal():
            return int(value)
        if hint is float:
            try:
                return float(value)
            except ValueError:
                pass
    if origin is Literal:
        raise ValueError(f"one of {', '.join(map(str, arguments))} is expected")
    names = {int: "a whole number, not negative", float: "a number", bool: "true or false", str: "text"}
    raise ValueError(f"{names.get(hint, 'a list of names' if origin is tuple else 'key: number')} is expected")


def span(text: object) -> tuple[float, float]:
    """The ends of LOW..HIGH. Raises ValueError."""
    low, dots, high = str(text).partition("..")
    try:
        ends = parse_quantity(low.strip()), parse_quantity(high.strip())
    except QuantityError:
        ends = None
    if not dots or ends is None or ends[0] > ends[1]:
        raise ValueError("LOW..HIGH is expected, such as 2p..40p")
    return ends


def spans(texts: Mapping[str, str]) -> dict[str, tuple[float, float]]:
    return {name: span(text) for name, text in texts.items()}


def reference() -> str:
    """All fields with their defaults, as a Markdown table."""
    rows = ["| key | default | |", "| --- | --- | --- |"]

    def walk(kind: Any, prefix: str) -> None:
        for entry in dataclasses.fields(kind):
            default = entry.default_factory() if entry.default_factory is not MISSING else entry.default
            if dataclasses.is_dataclass(default):
                walk(type(default), f"{prefix}{entry.name}.")
            else:
                shown = (
                    "needed" if default is MISSING else yaml.safe_dump(default, default_flow_style=True).split("\n")[0]
                )
                rows.append(f"| `{prefix}{entry.name}` | {shown} | {entry.metadata['doc']} |")

    walk(Recipe, "")
    return "\n".join(rows)


if __name__ == "__main__":
    print(reference())  # noqa: T201
