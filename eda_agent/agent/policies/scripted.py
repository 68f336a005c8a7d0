"""The scripted policy plays a given list of proposals and then repeats the last: for tests, demonstrations and sweeps.

A script file holds one JSON object per line, {"sizing": {"W1": "4u"}, "reasoning": "…"}; omitted sizes keep the
incumbent's value, as in a model's reply.
"""

from __future__ import annotations

from collections.abc import Sequence
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
                script = [
                    line for line in read_file(Path(script)).decode(errors="replace").splitlines() if line.strip()
                ]
            except OSError as error:
                raise InputError(f"{script}: cannot read the script: {error.strerror}") from None
        if not script:
            raise InputError("the script is empty\n    → one JSON object per line")
        self.replies = list(script)

    def propose(self, history: History) -> Proposal:
        space = history.problem.space
        best = history.incumbent
        reply = self.replies[min(len(history.turns), len(self.replies)) - 1]
        return parse_reply(reply, space, best.sizing if best and best.sizing else space.initial)
