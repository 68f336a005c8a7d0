"""A real served model through a whole run on ngspice. Started by tests/llm/run.sh; the score is whatever it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eda_agent.record.fold import fold
from eda_agent.record.journal import read_journal
from eda_agent.run import Request, size

ENDPOINT = os.environ.get("EDA_AGENT_TEST_ENDPOINT")
CIRCUITS = Path(__file__).parents[2] / "circuits"

pytestmark = pytest.mark.skipif(ENDPOINT is None, reason="runs through `make test-llm`, which starts the server")


@pytest.mark.parametrize("mode", ["json", None])
def test_a_served_model_sizes_the_ota(mode: str | None, tmp_path: Path) -> None:
    # vLLM 0.32 on a CPU dies of a request with a seed
    options = {"endpoint": ENDPOINT, "request_seed": False, "mode": mode, "temperature": 0.7, "max_tokens": 700}
    outcome = size(Request(CIRCUITS / "ota_5t", "chat", options, simulations=5, out=tmp_path / "run"))
    state = fold(read_journal(tmp_path / "run" / "journal.jsonl"))
    usable = [turn for turn in state.turns[1:] if turn["sizing"] is not None]
    print(
        f"\n{mode}: stop {outcome.stop}, score {outcome.best.value:.4f}, {len(state.turns) - 1} turns, {len(usable)}"
        " usable replies"
    )
    for turn in state.turns[1:]:
        print(
            f"  turn {turn['index']}: {turn['score']:.4f}"
            f" {turn['proposal']['error'] or turn['proposal']['reasoning']!r:.150}"
        )
    assert outcome.stop in {"met", "budget", "no progress"}
    assert state.finished["stop"] == outcome.stop
    assert all(turn["proposal"]["reply"] or turn["proposal"]["error"] for turn in state.turns[1:])
    # under a schema every reply is a legal sizing
    assert mode != "json" or len(usable) >= 4
