"""Repeat commands run a finished run again from its own folder, which holds the spec and netlist of the run."""

from __future__ import annotations

import json
import shlex
from typing import Any

from eda_agent.agent.policies.registry import flag_of
from eda_agent.record.fold import RunState


def repeat_commands(state: RunState) -> str:
    """Shell lines for the folder of the run. Comments describe what a command cannot express."""
    begun = state.started
    # the original request; later changes of the user are below
    opened = {**begun, **state.opened}
    words = ["eda-agent", "size", "spec.yaml", "--policy", opened["policy"], "--seed", str(opened["seed"])]
    words += ["--budget", str(begun["budget"]["simulations"])]
    if opened.get("corner_set"):
        words += ["--corners", opened["corner_set"]]
    if opened.get("skip") is not None:
        words.append("--skip-corners" if opened["skip"] else "--all-corners")
    if opened.get("parallel"):
        # proposals made together do not know each other's results, so the width belongs to the run
        words += ["--parallel", str(opened["parallel"])]
    for name, value in _options(opened).items():
        words += [flag_of(name)] + ([] if value is False else [str(value)])
    if (opened.get("request") or {}).get("force"):
        words.append("--force")
    words += ["--out", "again"]
    lines = ["# in the folder of this run", shlex.join(words)]
    lines.append(
        f"eda-agent sim . --turn {state.best.get('index', 0)}     # simulate the best design again with the run's"
        " targets"
    )
    notes = [f"command of the user during the run: {json.dumps(edit, ensure_ascii=False)}" for edit in state.edits]
    notes += ["the user changed the policy during the run"] if state.policy else []
    notes += (
        ["the run started with the best designs of earlier runs (--memory); this command does not"]
        if opened.get("seeds")
        else []
    )
    return "\n".join([*lines, *(f"# {note}" for note in notes)])


def _options(opened: dict[str, Any]) -> dict[str, Any]:
    options = (opened.get("request") or {}).get("options") or {}
    return {name: value for name, value in options.items() if value not in (None, "")}
