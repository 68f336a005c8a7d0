"""Resuming continues a run with the request in its journal. Each difference from the present request is accepted,
reported or refused.

options given again     policy, seed, corners, model and script must match the run; budget, workers and similar may
change, and the change is reported
a changed spec          other targets, weights or budget: the turns are scored again; anything that the measurements
depend on: refused
confirmed by the user   a policy of the user's own (it is a program), and an endpoint that the user's key was not sent
to before
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eda_agent import __version__
from eda_agent.agent.policies.base import Policy
from eda_agent.agent.policies.embedded import shipped_model
from eda_agent.agent.policies.registry import options_of
from eda_agent.errors import Finding, InputError, MissingError, visible
from eda_agent.problem.spec import Problem
from eda_agent.record.fold import RunState
from eda_agent.run.endpoints import check_endpoint
from eda_agent.run.fingerprint import differences, fingerprint, targets, weights
from eda_agent.run.request import Request, check_options, flag, request_data, request_from
from eda_agent.run.spec_copy import original_spec
from eda_agent.simulation.workbench import Workbench

_FIXED = ("policy", "seed", "corners")
_FREE = ("simulations", "workers", "cluster", "cache", "skip", "parallel", "force")
_FREE_OPTIONS = ("endpoint", "request_seed", "timeout")
_LONGEST_DIFF = 60


@dataclass(frozen=True)
class Resumed:
    """`request` is complete. `policy` and `options` are those of the continued run, which the user may have changed
    during it. `notes` are for people.
    """

    request: Request
    policy: str
    options: Mapping[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Changes:
    """`anew`: whether earlier turns are scored with other targets. `edits`: the user's commands that still apply.
    `diff`: of the spec, as lines.
    """

    anew: bool
    edits: tuple[Mapping[str, Any], ...]
    diff: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def run_to_resume(request: Request) -> Path:
    """The folder of the run that a request continues. Raises `InputError` if there is none."""
    folder = request.out or request.spec
    if not (folder / "journal.jsonl").is_file():
        raise InputError(f"{folder}: there is no run to resume\n    → name its folder: eda-agent size --resume RUN")
    return folder


def settle(given: Request, state: RunState, folder: Path) -> Resumed:
    """The complete request of a resumed run, from its journal and the present options. Raises `InputError` for a
    conflict.
    """
    spec = original_spec(folder) if given.spec.resolve() == folder.resolve() else given.spec
    if not state.started:
        return Resumed(replace(given, spec=spec, out=folder), given.chosen_policy, given.options)
    then, notes = _journaled(state, spec)
    for name in _FIXED:
        value, before = getattr(given, name), getattr(then, name)
        if value is not None and value != before and not (name == "policy" and value == state.policy.get("name")):
            words = f"{name} {before}" if before is not None else f"the spec's own {name}"
            fix = f"add {flag(name)} {shlex.quote(str(before))}" if before is not None else f"leave {flag(name)} out"
            raise InputError(
                Finding(f"the run was started with {words}, not {value}", folder, fix=f"{fix}, or start a new run")
            )
    check_options(replace(then, policy=state.policy.get("name", then.policy), options=given.options))
    for name in _FREE:
        value, before = getattr(given, name), getattr(then, name)
        if value is not None and value != before:
            notes.append(f"changed: {flag(name)} is {value}, was {before if before is not None else 'not given'}")
    if given.memory and not then.memory:
        notes.append("--memory applies to the start of a run, and this run is resumed")
    # options given now are for the current policy, which the user may have changed during the run
    options = dict(then.options) if state.policy else _options(given, then, state, folder, notes)
    whole = replace(
        then, options=options, out=folder, resume=True, orders_from=given.orders_from,
        **{name: getattr(given, name) for name in _FREE if getattr(given, name) is not None},
    )  # fmt: skip
    going: Mapping[str, Any] = {"name": whole.chosen_policy, "options": options}
    if state.policy:
        going = {**state.policy, "options": {**state.policy["options"], **request_data(given)["options"]}}
    _ask_again(given, going, folder)
    return Resumed(whole, going["name"], going["options"], tuple(notes))


def _journaled(state: RunState, spec: Path) -> tuple[Request, list[str]]:
    """The request of the journal, and remarks on a journal with few fields."""
    data = state.opened.get("request")
    if isinstance(data, Mapping):
        then = request_from(data, spec)
        return (then if state.budget is None else replace(then, simulations=state.budget)), []
    first = state.started
    budget = state.budget if state.budget is not None else first.get("budget", {}).get("simulations")
    then = request_from(
        {**first, "corners": first.get("corner_set"), "options": {}, "workers": None, "simulations": budget}, spec
    )
    told = (
        "the journal of this run is from a version that stores neither the policy's options nor what its measurements"
        " depend on"
    )
    named = [flag(name) for name in sorted(options_of(then.chosen_policy))]
    return then, [f"{told}: give {', '.join(named)} again if the run had one" if named else told]


def _options(given: Request, then: Request, state: RunState, folder: Path, notes: list[str]) -> dict[str, Any]:
    """The policy's options; those given now take precedence over the journal's."""
    now, before = request_data(given)["options"], dict(then.options)
    weighed = state.opened.get("weights")
    for name, value in now.items():
        if "request" not in state.opened or (name in before and before[name] == value):
            continue
        same = weighed and name in {"model", "script"} and weights(Path(str(value))) == weighed
        if not same and name not in _FREE_OPTIONS:
            raise InputError(
                Finding(
                    f"the run was started with {name} {before.get(name, 'of the policy')}, not {value}",
                    folder,
                    fix=f"leave {flag(name)} out, or start a new run",
                )
            )
        notes.append(f"changed: {flag(name)} is {value}, was {before.get(name, 'not given')}")
    return {**before, **now}


def _ask_again(given: Request, going: Mapping[str, Any], folder: Path) -> None:
    """Refuse what a journal from others must not do: start a program, or send the user's key to an unknown address."""
    name, endpoint = str(going["name"]), going["options"].get("endpoint")
    if name.startswith("python:") and given.policy != name:
        raise InputError(
            Finding(
                f"the policy of the run is a program, {name}, and a journal may not start a program",
                folder,
                fix=f"if you trust it, add --policy {shlex.quote(name)}",
            )
        )
    if endpoint is not None and given.options.get("endpoint") != endpoint:
        check_endpoint(str(endpoint), folder)


def opened_data(resumed: Resumed, problem: Problem, workbench: Workbench, policy: Policy) -> dict[str, Any]:
    """The data of a run's request for the journal, read by `settle` and `compare`. `going`: the options of the current
    policy.
    """
    request = resumed.request
    # an endpoint and its model may come from the environment
    going = replace(request, policy=resumed.policy, options={**resumed.options, **getattr(policy, "settings", {})})
    kept = going if resumed.policy == request.chosen_policy else request
    return {
        "version": __version__,
        "request": request_data(kept),
        "going": request_data(going)["options"],
        "spec": problem.text,
        "fingerprint": fingerprint(problem, workbench),
        "targets": targets(problem),
        "weights": _weights(request),
    }


def compare(request: Request, state: RunState, problem: Problem, workbench: Workbench, folder: Path) -> Changes:
    """Compare the present spec with that of the run. Raises `InputError` if the run's measurements no longer apply."""
    try:
        return _compared(request, state, problem, workbench, folder)
    except (KeyError, TypeError, AttributeError):
        raise InputError(
            Finding(
                "the journal's data on the run's spec is not in the format of this program",
                folder,
                fix="the journal was changed after it was written",
            )
        ) from None


def _compared(request: Request, state: RunState, problem: Problem, workbench: Workbench, folder: Path) -> Changes:
    edits = tuple(state.edits)
    if not state.started:
        return Changes(False, edits)
    kept = state.opened.get("fingerprint")
    wrong = (
        differences(kept, fingerprint(problem, workbench))
        if isinstance(kept, Mapping)
        else _other_names(state, problem)
    )
    before, now = _targets(state), targets(problem)
    diff = tuple(_diff(str(state.opened.get("spec", problem.text)), problem.text))
    if wrong:
        words = "\n    ".join(["the results of the run no longer apply. Changed since then:", *wrong, *diff])
        raise InputError(
            Finding(
                words,
                folder,
                fix=(
                    "restore what changed, or start a new run; --memory starts it with earlier designs of the same"
                    " circuit"
                ),
            )
        )
    notes = (
        [
            f"the model of policy {request.chosen_policy} has changed since the start of the run, so its proposals"
            " differ from now on"
        ]
        if _other_weights(request, state)
        else []
    )
    asked = before["specs"]
    changed = {
        name
        for name, bounds in now["specs"].items()
        if any(bounds[side] != value for side, value in asked.get(name, {}).items())
    }
    anew = bool(changed) or (bool(asked) and list(now["specs"]) != list(asked))
    if anew:
        notes.append(
            f"the spec has changed ({', '.join(sorted(changed)) or 'the order of the specs'}): every earlier turn is"
            " scored with the new spec"
        )
    if before["budget"] and now["budget"] != before["budget"]:
        notes.append(
            "the budget in the spec has changed"
            + (f"; the run keeps its own budget of {request.simulations} simulations" if request.simulations else "")
        )
    kept = tuple(edit for edit in edits if not (edit.get("do") == "target" and edit.get("spec") in changed))
    return Changes(anew, kept, diff, tuple(notes))


def _other_names(state: RunState, problem: Problem) -> list[str]:
    """Differences that can be found for a run whose journal has no fingerprint."""
    then = state.started
    names = {
        "parameters": ([entry["name"] for entry in then["parameters"]], list(problem.space.names)),
        "specs": ([entry["name"] for entry in then["specs"]], list(problem.spec_names)),
        "corners": (then["corners"], [corner.name for corner in problem.corners]),
    }  # fmt: skip
    return [
        f"{part}: {', '.join(sorted(set(before) ^ set(now))) or 'their order'}"
        for part, (before, now) in names.items()
        if before != now
    ]


def _targets(state: RunState) -> Mapping[str, Any]:
    """The targets of the run; of a journal without them, those of its first event, unless the user has changed them
    since.
    """
    kept = state.opened.get("targets")
    if isinstance(kept, Mapping):
        return kept
    sides = ("minimum", "maximum", "weight", "objective")
    specs = (
        {}
        if state.edits
        else {entry["name"]: {side: entry[side] for side in sides if side in entry} for entry in state.started["specs"]}
    )
    return {"specs": specs, "budget": {}}


def _diff(before: str, now: str) -> list[str]:
    lines = list(
        difflib.unified_diff(
            before.splitlines(), now.splitlines(), "spec.yaml of the run", "spec.yaml now", n=0, lineterm=""
        )
    )
    lines = [visible(line) for line in lines]
    return (
        lines if len(lines) <= _LONGEST_DIFF else [*lines[:_LONGEST_DIFF], f"… {len(lines) - _LONGEST_DIFF} more lines"]
    )


def _weights(request: Request) -> str:
    """A digest of the policy's data: a model in a folder, or a script; "" without either."""
    name, _, inside = request.chosen_policy.partition(":")
    source = inside or request.options.get("model") or request.options.get("script")
    if name in {"auto", "embedded", "universal"} and not source and "endpoint" not in request.options:
        try:
            return weights(shipped_model())
        except MissingError:
            return ""
    return (
        weights(Path(source))
        if isinstance(source, (str, Path)) and name != "python" and "endpoint" not in request.options
        else ""
    )


def _other_weights(request: Request, state: RunState) -> bool:
    kept = state.opened.get("weights")
    return bool(kept) and kept != _weights(request)
