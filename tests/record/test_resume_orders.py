"""What the user did to a run is done to the resumed run as well: targets, locks, hints, policy, budget, and where it
went back.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eda_agent.agent.commands import COMMANDS_FILE
from eda_agent.agent.control import Control
from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.run import Request, size
from tests.conftest import CIRCUITS


def test_a_resumed_run_asks_for_what_the_user_asked(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    orders: dict[int, list[dict[str, Any]]] = {
        2: [
            {"do": "lock", "parameter": "mt", "value": 3},
            {"do": "target", "spec": "dc_gain", "minimum": 20},
            {"do": "hint", "text": "wide"},
        ],
        3: [{"do": "back", "turn": 1}],
        4: [{"do": "policy", "name": "trust"}, {"do": "spend", "simulations": 5}],
    }
    evaluated = 0

    def listen(event: dict[str, Any]) -> None:
        nonlocal evaluated
        if event["type"] == "turn.evaluated":
            evaluated += 1
            # as another process would: by appending to the file in the run's folder
            with (folder / COMMANDS_FILE).open("a") as file:
                file.writelines(json.dumps(entry) + "\n" for entry in orders.pop(evaluated, []))

    first = size(Request(CIRCUITS / "ota_5t", "random", simulations=20, out=folder), listen, Control())
    assert first.stop == "budget" and first.simulations == 5
    gain = next(spec for spec in first.problem.specs if spec.name == "dc_gain")
    assert gain.minimum == 20.0
    assert all((turn.sizing or {})["mt"] == 3 for turn in first.turns[2:])
    assert [turn.proposal.policy for turn in first.turns[1:]] == ["random", "random", "trust", "trust", "trust"]
    assert json.loads((folder / "best.json").read_text())["specs"]["dc_gain"]["met"]
    state = fold(read_journal(folder / "journal.jsonl"))
    assert state.verified["met"] == first.met and len(state.left) == 1 and state.hints == ["wide"]
    again = size(Request(CIRCUITS / "ota_5t", "random", simulations=7, out=folder, resume=True))
    assert [turn.sizing for turn in again.turns[:6]] == [turn.sizing for turn in first.turns]
    assert [turn.value for turn in again.turns[:6]] == [turn.value for turn in first.turns]
    assert all((turn.sizing or {})["mt"] == 3 and turn.proposal.policy == "trust" for turn in again.turns[6:])
    assert next(spec for spec in again.problem.specs if spec.name == "dc_gain").minimum == 20.0
    # without a budget of its own, the user's change holds
    more = size(Request(CIRCUITS / "ota_5t", "random", out=folder, resume=True))
    assert more.simulations == 7 and more.stop == "budget"
