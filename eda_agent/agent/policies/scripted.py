"""The scripted policy plays a given list of proposals and then repeats the last: for tests, demonstrations and sweeps.

A script file holds one JSON object per line, {"sizing": {"W1": "4u"}, "reasoning": "…"}; omitted sizes keep the
incumbent's value, as in a model's reply. A line that cannot be used costs a turn without a simulation, whose error
names the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from eda_agent.agent.history import History
from eda_agent.agent.parse import parse_reply
from eda_agent.agent.turn import Proposal
from eda_agent.errors import InputError
from eda_agent.files import read_file


class ScriptedPolicy:
    name = "scripted"

    def __init__(self, seed: int = 0, script: str | Path | Sequence[str] | None = None):
        """`script`: a file, or replies as texts."""
        if script is None:
            raise InputError("policy scripted needs a script\n    → --script FILE, one JSON object per line")
        if isinstance(script, (str, Path)):
            try:
                script = read_file(Path(script)).decode(errors="replace").splitlines()
            except OSError as error:
                raise InputError(
                    f"{script}: cannot read the script: {error.strerror}\n    → check the path of --script"
                ) from None
        self.lines = [(number, line) for number, line in enumerate(script, start=1) if line.strip()]
        if not self.lines:
            raise InputError("the script is empty\n    → one JSON object per line")

    def propose(self, history: History) -> Proposal:
        space = history.problem.space
        best = history.incumbent
        turn = len(history.turns)
        number, line = self.lines[min(turn, len(self.lines)) - 1]
        found = parse_reply(line, space, best.sizing if best and best.sizing else space.initial)
        if not found.error:
            return found
        ended = ", and the script has no more lines" if turn >= len(self.lines) else ""
        return replace(found, error=f"line {number} of the script: {found.error}{ended}")
