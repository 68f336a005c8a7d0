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

STATUS = 130


def interrupted(folder: Sequence[str], *, json: bool, resumable: bool = True) -> int:
    """Report an interrupt; the exit status.

    Args:
        folder: that of the run; empty before it has one.
        json: print the result of the best design so far (`eda-agent schema result`) beside the error.
        resumable: whether the command can continue the run.
    """
    hint = f"; continue with: {command('size', '--resume', folder[0])}" if folder and resumable else ""
    say(f"eda-agent: interrupted{hint}")
    if json:
        print_json({**_best(folder), **error_data("interrupted", f"interrupted{hint}", STATUS)})
    return STATUS


def _best(folder: Sequence[str]) -> dict[str, Any]:
    """The result of the run; empty before its netlist's own sizes are simulated."""
    if not folder:
        return {}
    try:
        state = load_state(Path(folder[0]))
        return run_result(state_facts(folder[0], state, chosen_turn(state, None, Path(folder[0]))))
    except EdaAgentError:
        return {}
