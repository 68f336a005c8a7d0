"""What is given on a command line against what the journal has: the policy that the user changed to, options,
addresses.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eda_agent.errors import InputError
from eda_agent.record.fold import RunState, fold
from eda_agent.run.endpoints import remember_endpoint
from eda_agent.run.request import Request, request_data
from eda_agent.run.resume import settle

HERE = "http://127.0.0.1:8000/v1"


def journal(request: Request, *more: dict[str, Any]) -> RunState:
    started = {
        "type": "run.started",
        "policy": request.chosen_policy,
        "budget": {"simulations": 9},
        "opened": {"request": request_data(request)},
    }
    return fold({"v": 1, "seq": number, **event} for number, event in enumerate([started, *more]))


def switched(name: str, **options: str) -> dict[str, Any]:
    return {"type": "policy.changed", "name": name, "options": options}


def test_the_policy_that_the_user_changed_to_goes_on_with_its_options(tmp_path: Path) -> None:
    state = journal(Request(Path("s"), "random"), switched("chat", endpoint=HERE, model="one"))
    again = settle(Request(tmp_path, resume=True), state, tmp_path)
    assert (again.policy, again.options, again.request.policy) == ("chat", {"endpoint": HERE, "model": "one"}, "random")
    # options that are given now are its own
    other = settle(Request(tmp_path, options={"model": "two"}, resume=True), state, tmp_path)
    assert other.options == {"endpoint": HERE, "model": "two"} and other.request.options == {}
    with pytest.raises(InputError, match="--script is not an option of policy chat"):
        settle(Request(tmp_path, options={"script": "x"}, resume=True), state, tmp_path)
    # they are kept for the time after
    state.apply(
        {
            "v": 1,
            "seq": 2,
            "type": "run.started",
            "opened": {"request": request_data(other.request), "going": dict(other.options)},
        }
    )
    assert settle(Request(tmp_path, resume=True), state, tmp_path).options == {"endpoint": HERE, "model": "two"}


def test_a_program_is_named_by_the_user_alone(tmp_path: Path) -> None:
    for state in (
        journal(Request(Path("s"), "python:os.Climb")),
        journal(Request(Path("s"), "random"), switched("python:os.Climb")),
    ):
        with pytest.raises(InputError, match=r"add --policy python:os\.Climb"):
            settle(Request(tmp_path, resume=True), state, tmp_path)
        assert settle(Request(tmp_path, "python:os.Climb", resume=True), state, tmp_path).policy == "python:os.Climb"


def test_an_endpoint_elsewhere_is_asked_for_until_the_user_has_named_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDA_AGENT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    there = "https://models.example/v1"
    state = journal(Request(Path("s"), "chat", {"endpoint": there, "model": "m"}))
    for address in (
        there,
        "http://127.0.0.1.models.example/v1",
        "http://localhost@models.example/v1",
        "http://10.0.0.1/v1",
    ):
        with pytest.raises(InputError, match="you have not given here before"):
            settle(Request(tmp_path, resume=True), journal(Request(Path("s"), "chat", {"endpoint": address})), tmp_path)
    assert (
        settle(Request(tmp_path, options={"endpoint": there}, resume=True), state, tmp_path).options["endpoint"]
        == there
    )
    for address in (HERE, "http://localhost:8000/v1", "http://[::1]:8000/v1"):
        assert (
            settle(
                Request(tmp_path, resume=True), journal(Request(Path("s"), "chat", {"endpoint": address})), tmp_path
            ).notes
            == ()
        )
    remember_endpoint(there)
    assert settle(Request(tmp_path, resume=True), state, tmp_path).options["model"] == "m"


def test_another_endpoint_is_a_said_change_and_another_model_is_another_run(tmp_path: Path) -> None:
    state = journal(Request(Path("s"), "chat", {"endpoint": HERE, "model": "one"}, simulations=20))
    again = settle(
        Request(tmp_path, options={"endpoint": "http://localhost:9/v1"}, simulations=30, resume=True), state, tmp_path
    )
    assert again.request.simulations == 30
    assert again.notes == (
        "changed: --budget is 30, was 20",
        f"changed: --endpoint is http://localhost:9/v1, was {HERE}",
    )
    with pytest.raises(InputError, match="the run was started with --model one, not two"):
        settle(Request(tmp_path, options={"model": "two"}, resume=True), state, tmp_path)


def test_a_limit_of_the_endpoint_may_be_raised(tmp_path: Path) -> None:
    options = {"endpoint": HERE, "model": "m", "max_cost": 1.0, "max_requests": 20}
    state = journal(Request(Path("s"), "chat", options))
    again = settle(Request(tmp_path, options={"max_cost": 2.5}, resume=True), state, tmp_path)
    assert again.options["max_cost"] == 2.5 and again.options["max_requests"] == 20
    assert again.notes == ("changed: --max-cost is 2.5, was 1.0",)


def test_an_order_for_more_holds_until_a_budget_is_given(tmp_path: Path) -> None:
    state = journal(Request(Path("s"), "random", simulations=5), {"type": "budget.changed", "simulations": 50})
    assert settle(Request(tmp_path, resume=True), state, tmp_path).request.simulations == 50
    assert settle(Request(tmp_path, simulations=7, resume=True), state, tmp_path).request.simulations == 7


def test_headers_with_values_of_the_environment_are_given_again_by_the_user(tmp_path: Path) -> None:
    """A journal of somebody else could otherwise send any variable of the environment to an endpoint."""
    headers = "api-key: $AWS_SECRET_ACCESS_KEY"
    state = journal(Request(Path("s"), "chat", options={"endpoint": HERE, "model": "m", "headers": headers}))
    with pytest.raises(InputError, match="a journal may not read it"):
        settle(Request(tmp_path, resume=True), state, tmp_path)
    again = settle(Request(tmp_path, options={"headers": headers}, resume=True), state, tmp_path)
    assert again.options["headers"] == headers
    plain = journal(Request(Path("s"), "chat", options={"endpoint": HERE, "model": "m", "headers": "X-Title: sizing"}))
    assert settle(Request(tmp_path, resume=True), plain, tmp_path).options["headers"] == "X-Title: sizing"
