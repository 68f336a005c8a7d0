"""An interrupted run (Ctrl-C, SIGTERM) has a complete journal: it says how it goes on, and gives its best so far."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eda_agent.cli.render import print_json
from eda_agent.cli.say import command, say
from eda_agent.error_data import error_data
from eda_agent.errors import EdaAgentError
from eda_agent.record.result import run_result, state_facts
from eda_agent.record.run_state import chosen_turn, load_state
from eda_agent.units import format_score

STATUS = 130


def interrupted(folder: Sequence[str], *, json: bool, resumable: bool = True) -> int:
    """Report an interrupt; the exit status.

    Args:
        folder: that of the run; empty before it has one.
        json: print the result of the best design so far (`eda-agent schema result`) beside the error.
        resumable: whether the command can continue the run.
    """
    hint = f"; continue with: {command('size', folder[0], '--resume')}" if folder and resumable else ""
    say(f"eda-agent: interrupted{hint}{_standing(folder)}")
    if json:
        print_json({**_best(folder), **error_data("interrupted", f"interrupted{hint}", STATUS)})
    return STATUS


def _standing(folder: Sequence[str]) -> str:
    """How good the best design so far is, as a line; "" before there is one."""
    try:
        state = load_state(Path(folder[0]))
        turn = chosen_turn(state, None, Path(folder[0]))
    except (EdaAgentError, IndexError):
        return ""
    missed = [name for name, result in turn.get("specs", {}).items() if not result["met"]]
    said = f"fails {', '.join(missed)}" if missed else "all specs met"
    return f"\n    best so far: turn {turn['index']}, score {format_score(turn['score'])}, {said}"


def _best(folder: Sequence[str]) -> dict[str, Any]:
    """The result of the run; empty before its netlist's own sizes are simulated."""
    if not folder:
        return {}
    try:
        state = load_state(Path(folder[0]))
        return run_result(state_facts(folder[0], state, chosen_turn(state, None, Path(folder[0]))))
    except EdaAgentError:
        return {}
