"""The registry maps a policy's name to its class; a class is imported only when it is chosen."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eda_agent.agent.policies.base import Policy
from eda_agent.errors import InputError, MissingError

DEFAULT = "auto"
"""The best policy of the base install (docs/results.md)."""


@dataclass(frozen=True)
class Entry:
    """`target`: module:class under `eda_agent.agent.policies`. `extra`: the extra of the package that it needs, or ""."""

    target: str
    extra: str
    summary: str


POLICIES: dict[str, Entry] = {
    "auto": Entry("auto:AutoPolicy", "", "alternates between the embedded model, or an endpoint, and a search around the best sizing"),
    "embedded": Entry("embedded:EmbeddedPolicy", "", "the model of this package, without torch, network or GPU"),
    "trust": Entry("trust:TrustRegion", "", "trust-region Bayesian optimisation, one Gaussian process per spec, numpy only"),
    "random": Entry("random:RandomPolicy", "", "uniform in the ranges, on each parameter's scale"),
    "scripted": Entry("scripted:ScriptedPolicy", "", "proposals from a file (--script), or a fixed list"),
    "tpe": Entry("optuna_tpe:TpePolicy", "", "tree-structured Parzen estimator (Optuna)"),
    "cma": Entry("optuna_cma:CmaPolicy", "", "CMA-ES (Optuna)"),
    "gp": Entry("optuna_gp:GpPolicy", "bo", "Gaussian process on the score (Optuna)"),
    "scbo": Entry("scbo:ScboPolicy", "bo", "scalable constrained Bayesian optimisation, one GP per spec (BoTorch)"),
    "local": Entry("local:LocalPolicy", "local", "a model in a folder (--model), such as one from `eda-agent train`"),
    "chat": Entry("chat:ChatPolicy", "", "a language model behind an OpenAI-compatible endpoint (--endpoint, --model)"),
}


def make_policy(name: str, seed: int, options: Mapping[str, Any] | None = None) -> Policy:
    """Create the policy of a name; `local:FOLDER` is the model in a folder, `python:MODULE.CLASS` a policy of the
    user's.

    Args:
        name: a name of `POLICIES`, with an optional `:FOLDER`.
        seed: seed of everything random in the policy.
        options: keyword arguments of the policy.

    Raises:
        InputError: the name is unknown.
        MissingError: a package of the policy is not installed.
    """
    name, _, model = name.partition(":")
    if name == "python":
        return _own(model, seed)
    if model:
        options = {**(options or {}), "model": model}
    if name not in POLICIES:
        raise InputError(f"unknown policy {name!r}\n    → one of {', '.join(POLICIES)}")
    entry = POLICIES[name]
    module, _, symbol = entry.target.partition(":")
    try:
        factory = getattr(importlib.import_module(f"eda_agent.agent.policies.{module}"), symbol)
    except ImportError as error:
        extra = f"[{entry.extra}]" if entry.extra else ""
        raise MissingError(
            f"policy {name!r} needs a package that is not installed: {error.name}\n    → pip install 'eda-agent{extra}'"
        ) from None
    policy = factory(seed=seed, **(options or {}))
    assert isinstance(policy, Policy)
    return policy


def known(name: str) -> bool:
    """Whether `make_policy` knows the name."""
    return name.partition(":")[0] in {*POLICIES, "python"}


def _own(target: str, seed: int) -> Policy:
    """A class of the user's, called with `seed`: importable, or in the current folder."""
    module, _, symbol = target.rpartition(".")
    if not module or not symbol:
        raise InputError(f"policy python:{target}: a module and a class are needed\n    → python:MODULE.CLASS, such as python:mine.Climb")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        policy = getattr(importlib.import_module(module), symbol)(seed=seed)
    except Exception as error:  # the user's program may raise anything
        raise InputError(
            f"policy python:{target}: {type(error).__name__}: {error}\n    → python:MODULE.CLASS, a class that takes seed and has name and propose"
        ) from error
    if not isinstance(policy, Policy):
        raise InputError(f"policy python:{target}: it has no name or no propose(history)")
    return policy
