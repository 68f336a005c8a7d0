"""A change of the policy is told in the same words everywhere."""

from __future__ import annotations

import pytest

from eda_agent.cli.progress import tell_event
from eda_agent.cli.render import console
from eda_agent.record.handover import handover_text
from eda_agent.stop_reasons import USER
from eda_agent.tui.notices import notice


def test_the_reason_comes_first_then_the_next_policy(capsys: pytest.CaptureFixture[str]) -> None:
    event = {"type": "policy.changed", "index": 16, "before": "trust", "after": "embedded"}
    event["reason"] = "no better design in 15 turns"
    text = "trust: no better design in 15 turns; next policy: embedded"
    assert handover_text(event) == text
    told = notice(event)
    assert told is not None and told["message"] == text
    tell_event(event, console(to_stdout=True))
    assert capsys.readouterr().out == f"turn 16: {text}\n"


@pytest.mark.parametrize("reason", [USER, "--policy"])
def test_a_policy_that_the_user_chose_has_no_reason(reason: str) -> None:
    event = {"before": "auto", "after": "random", "reason": reason}
    assert handover_text(event) == "you changed the policy from auto to random"
