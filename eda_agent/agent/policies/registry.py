"""The registry maps a policy's name to its entry: builder, needed packages and options.

The command line reads it at every start, so a policy is imported only when it is chosen.
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eda_agent.errors import InputError, MissingError

if TYPE_CHECKING:
    from eda_agent.agent.policies.base import Policy

DEFAULT = "auto"
"""The best policy of the base install (docs/results.md)."""


@dataclass(frozen=True)
class Option:
    """An option of `eda-agent size` for the policy.

    Attributes:
        name: the keyword of the policy's builder.
        flag: the flag on the command line, without dashes.
        help: the text of `--help`; the names of its policies are added before it.
        metavar: the value's name in `--help`; "" for a switch, which has no value and gives False.
        type: converts the text of the value for the builder.
    """

    name: str
    flag: str
    help: str
    metavar: str = ""
    type: Callable[[str], Any] = str


ENDPOINT = Option(
    "endpoint", "endpoint", "OpenAI-compatible endpoint (default: chat $OPENAI_BASE_URL, auto none)", "URL"
)
MODEL = Option(
    "model", "model", "folder of the model; with an endpoint its name (default: the only one served)", "NAME"
)
TIMEOUT = Option("timeout", "answer-timeout", "time limit of one reply in seconds (default 600)", "S", float)
MAX_TOKENS = Option("max_tokens", "max-tokens", "limit of one reply, its reasoning included (default 8192)", "N", int)
TEMPERATURE = Option("temperature", "temperature", "temperature of the replies (default: the endpoint's)", "X", float)
EFFORT = Option("reasoning_effort", "reasoning-effort", "how long a reasoning model thinks: low, medium, high", "WORD")
HEADERS = Option("headers", "headers", "more headers, such as 'X-Title: sizing; api-key: $MY_KEY'", "TEXT")
MAX_COST = Option("max_cost", "max-cost", "limit of the cost of all replies (see --price)", "X", float)
PRICE = Option(
    "price", "price", "price per million prompt/reply tokens, if the replies do not state their cost", "IN/OUT"
)
MAX_REQUESTS = Option("max_requests", "max-requests", "limit of the requests of a run", "N", int)
TOTAL_TOKENS = Option(
    "total_tokens", "total-tokens", "limit of the tokens of all prompts and replies of a run", "N", int
)
MAX_SECONDS = Option("max_seconds", "max-seconds", "limit of the seconds spent waiting for replies", "S", float)
REPLAY = Option(
    "replay",
    "replay",
    "take the replies from a recording (exchange.jsonl of a run), not from the endpoint",
    "FILE",
    Path,
)
REQUEST_SEED = Option(
    "request_seed", "no-request-seed", "send no seed with requests (for servers that do not accept one)"
)
CHAT = (
    ENDPOINT, MODEL, REQUEST_SEED, TIMEOUT, MAX_TOKENS, TEMPERATURE, EFFORT, HEADERS, MAX_COST, PRICE, MAX_REQUESTS,
    TOTAL_TOKENS, MAX_SECONDS, REPLAY,
)  # fmt: skip
SCRIPT = Option("script", "script", "file with one JSON proposal per line", "FILE", Path)


@dataclass(frozen=True)
class Entry:
    """A policy of the program.

    Attributes:
        builder: MODULE:CLASS below `eda_agent.agent.policies`; called with `seed` and the options.
        summary: one line.
        extra: the needed extra of the package, or "".
        options: options on the command line.
    """

    builder: str
    summary: str
    extra: str = ""
    options: tuple[Option, ...] = ()


POLICIES: dict[str, Entry] = {
    "auto": Entry(
        "auto:AutoPolicy",
        "alternates between the embedded model, or an endpoint, and a search around the best sizing",
        options=CHAT,
    ),
    "embedded": Entry(
        "embedded:EmbeddedPolicy", "the model of this package, without torch, network or GPU", options=(MODEL,)
    ),
    "trust": Entry(
        "trust_region:TrustRegion",
        "trust-region Bayesian optimisation, one Gaussian process per spec, numpy and scipy only",
    ),
    "random": Entry("random:RandomPolicy", "uniform in the ranges, on each parameter's scale"),
    "scripted": Entry(
        "scripted:ScriptedPolicy", "proposals from a file (--script), or a fixed list", options=(SCRIPT,)
    ),
    "tpe": Entry("optuna_tpe:TpePolicy", "tree-structured Parzen estimator (Optuna)"),
    "cma": Entry("optuna_cma:CmaPolicy", "CMA-ES (Optuna)"),
    "gp": Entry("optuna_gp:GpPolicy", "Gaussian process on the score (Optuna)", "bo"),
    "scbo": Entry("scbo:ScboPolicy", "scalable constrained Bayesian optimisation, one GP per spec (BoTorch)", "bo"),
    "local": Entry(
        "local:LocalPolicy", "a model in a folder (--model), such as one from `eda-agent train`", "local", (MODEL,)
    ),
    "universal": Entry(
        "universal:UniversalPolicy",
        "trust's search with a universal surrogate as its prior (--model FOLDER)",
        options=(MODEL,),
    ),
    "chat": Entry(
        "chat:ChatPolicy",
        "a language model behind an OpenAI-compatible endpoint (--endpoint, --model)",
        options=CHAT,
    ),
}
FOLDERS = ("local", "embedded", "universal")
"""Policies whose name may be followed by a folder: `local:FOLDER`."""
OPTIONS: dict[str, Option] = {option.name: option for entry in POLICIES.values() for option in entry.options}
"""Every option of a policy by its name."""


def flag_of(name: str) -> str:
    """The flag of an option, by its name or by that of a field of a request: `--answer-timeout` for `timeout`."""
    return f"--{OPTIONS[name].flag if name in OPTIONS else name}"


def options_of(name: str) -> tuple[str, ...]:
    """The names of a policy's options; the policy may be named as `local:FOLDER` or `python:MODULE.CLASS`."""
    entry = POLICIES.get(name.partition(":")[0])
    return tuple(option.name for option in entry.options) if entry is not None else ()


def users_of(option: Option) -> list[str]:
    """The policies that have an option."""
    return [name for name, entry in POLICIES.items() if option in entry.options]


def make_policy(name: str, seed: int, options: Mapping[str, Any] | None = None) -> Policy:
    """Create the policy of a name; `local:FOLDER` is the model in a folder, `python:MODULE.CLASS` a policy of the
    user's.

    Args:
        name: a name of `POLICIES`, with an optional `:FOLDER`.
        seed: seed of everything random in the policy.
        options: keyword arguments of the policy.

    Raises:
        InputError: the name or an option is unknown.
        MissingError: a package of the policy is not installed.
    """
    name, _, folder = name.partition(":")
    if name == "python":
        return _own(folder, seed)
    if name not in POLICIES:
        raise InputError(f"unknown policy {name!r}\n    → one of {', '.join(POLICIES)}")
    options = {**(options or {}), **({"model": folder} if folder else {})}
    entry = POLICIES[name]
    module, _, symbol = entry.builder.partition(":")
    try:
        builder = getattr(importlib.import_module(f"eda_agent.agent.policies.{module}"), symbol)
    except ImportError as error:
        extra = f"[{entry.extra}]" if entry.extra else ""
        raise MissingError(
            f"policy {name!r} needs a package that is not installed: {error.name}\n    → pip install 'eda-agent{extra}'"
        ) from None
    named = inspect.signature(builder).parameters.values()
    known = {one.name for one in named if one.kind is not one.VAR_KEYWORD} | set(options_of(name))
    known -= {"seed"}
    for option in options:
        if option not in known:
            raise InputError(
                f"policy {name} has no option {option!r}\n    → {', '.join(sorted(known)) or 'it has none'}"
            )
    policy: Policy = builder(seed=seed, **options)
    return policy


def known(name: str) -> bool:
    """Whether `make_policy` knows the name."""
    return name.partition(":")[0] in {*POLICIES, "python"}


def _own(target: str, seed: int) -> Policy:
    """A class of the user's, called with `seed`: importable, or in the current folder."""
    module, _, symbol = target.rpartition(".")
    if not module or not symbol:
        raise InputError(
            f"policy python:{target}: a module and a class are needed\n    → python:MODULE.CLASS, such as"
            " python:mine.Climb"
        )
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        policy = getattr(importlib.import_module(module), symbol)(seed=seed)
    except Exception as error:  # the user's program may raise anything
        raise InputError(
            f"policy python:{target}: {type(error).__name__}: {error}\n    → python:MODULE.CLASS, a class that takes"
            " seed and has name and propose"
        ) from error
    from eda_agent.agent.policies.base import Policy

    if not isinstance(policy, Policy):
        raise InputError(f"policy python:{target}: it has no name or no propose(history)")
    return policy
