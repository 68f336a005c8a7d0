"""Resuming continues a run with the request in its journal. Each difference from the present request is accepted,
reported or refused.

options given again     seed, corners, guard, model and script must match the run; budget, workers and similar may
change, and the change is reported; another policy continues the run, and the journal records it
a changed spec          other targets, weights or budget: the turns are scored again; anything that the measurements
depend on: refused
confirmed by the user   a policy of the user's own (it is a program), and an endpoint that the user's key was not sent
to before
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eda_agent import __version__
from eda_agent.agent.policies.base import Policy
from eda_agent.agent.policies.embedded import shipped_model
from eda_agent.agent.policies.registry import options_of
from eda_agent.errors import Finding, InputError, MissingError
from eda_agent.problem.spec import Problem
from eda_agent.record.fold import RunState
from eda_agent.run.endpoints import check_endpoint
from eda_agent.run.fingerprint import fingerprint, targets, weights
from eda_agent.run.request import Request, check_options, flag, request_data, request_from
from eda_agent.run.spec_copy import original_spec
from eda_agent.simulation.workbench import Workbench
from eda_agent.stop_reasons import USER

_FIXED = {"seed": "the default seed", "corners": "the spec's own corners", "guard": "no guard band"}
"""Options that must match the run, and the words for a run without one."""
_FREE = ("simulations", "workers", "cluster", "cache", "skip", "parallel", "force")
_FREE_OPTIONS = (
    "endpoint", "request_seed", "timeout", "headers", "price",
    "max_tokens", "max_cost", "max_requests", "total_tokens", "max_seconds",
)  # fmt: skip


@dataclass(frozen=True)
class Resumed:
    """`request` is complete. `policy` and `options` are those of the continued run, which the user may have changed
    during it, or with this resumption: then `before` is the policy that proposed until now. `notes` are for people.
    """

    request: Request
    policy: str
    options: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    before: str = ""


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
    for name, without in _FIXED.items():
        value, before = getattr(given, name), getattr(then, name)
        if value is not None and value != before:
            words = f"{name} {before}" if before is not None else without
            fix = f"add {flag(name)} {shlex.quote(str(before))}" if before is not None else f"leave {flag(name)} out"
            raise InputError(
                Finding(f"the run was started with {words}, not {value}", folder, fix=f"{fix}, or start a new run")
            )
    present = str(state.policy.get("name", then.chosen_policy))
    switched = given.policy not in {None, present} and not (given.policy == then.policy and _by_command(state))
    check_options(replace(then, policy=given.policy if switched else present, options=given.options))
    for name in _FREE:
        value, before = getattr(given, name), getattr(then, name)
        if value is not None and value != before:
            notes.append(f"changed: {flag(name)} is {value}, was {before if before is not None else 'not given'}")
    if given.memory and not then.memory:
        notes.append("--memory applies to the start of a run, and this run is resumed")
    # options given now are for the current policy, which the user may have changed during the run
    other = bool(state.policy) or switched
    options = dict(then.options) if other else _options(given, then, state, folder, notes)
    whole = replace(
        then, options=options, out=folder, resume=True, orders_from=given.orders_from,
        **{name: getattr(given, name) for name in _FREE if getattr(given, name) is not None},
    )  # fmt: skip
    going: Mapping[str, Any] = {"name": whole.chosen_policy, "options": options}
    if switched:
        notes.append(f"changed: {flag('policy')} is {given.policy}, was {present}")
        going = {"name": given.policy, "options": dict(given.options)}
    elif state.policy:
        going = {**state.policy, "options": {**state.policy["options"], **request_data(given)["options"]}}
    _ask_again(given, going, folder)
    return Resumed(whole, going["name"], going["options"], tuple(notes), present if switched else "")


def _by_command(state: RunState) -> bool:
    """Whether the user chose the present policy by a command: the run's first command line, repeated, keeps it."""
    chosen = [change for change in state.handovers if "name" in change]
    return bool(chosen) and chosen[-1].get("reason") == USER


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
                    f"the run was started with {flag(name)} {before.get(name, 'of the policy')}, not {value}",
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
    headers = going["options"].get("headers")
    if headers and "$" in str(headers) and given.options.get("headers") != headers:
        raise InputError(
            Finding(
                f"the run sends headers with values of your environment, {headers}, and a journal may not read it",
                folder,
                fix=f"if you trust it, add --headers {shlex.quote(str(headers))}",
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
        "weights": weights_of(request),
    }


def weights_of(request: Request) -> str:
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
