"""The request that a journal keeps and the one that is read back are the same, and no secret is among what is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.errors import InputError
from eda_agent.run.request import KEPT, Request, check_options, request_data, request_from

words = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), max_size=20).filter(
    lambda text: text not in {".", ".."}
)
options = st.dictionaries(
    st.sampled_from(["endpoint", "model", "timeout", "request_seed", "script", "temperature", "max_tokens"]),
    words | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.lists(words),
)
requests = st.builds(
    Request,
    spec=st.just(Path("spec.yaml")),
    policy=words.filter(bool),
    options=options,
    seed=st.integers(),
    simulations=st.none() | st.integers(1),
    workers=st.none() | st.integers(1),
    cluster=st.none() | words,
    cache=st.none() | st.booleans(),
    corners=st.none() | words,
    skip=st.none() | st.booleans(),
    parallel=st.none() | st.integers(1),
    memory=st.none() | st.booleans(),
    force=st.none() | st.booleans(),
)


@given(requests)
def test_written_and_read_back_is_the_same(request: Request) -> None:
    data = json.loads(json.dumps(request_data(request)))
    assert request_from(data, request.spec) == request
    # and a second time, as when a resumed run is resumed
    assert request_data(request_from(data, request.spec)) == data


def test_every_field_is_kept_or_belongs_to_one_start() -> None:
    """A field that is added to a request is kept, or named here as what a start says anew."""
    assert set(Request.__dataclass_fields__) == {*KEPT, "spec", "out", "resume", "orders_from", "post_layout", "cell"}


def test_paths_are_kept_in_full_and_defaults_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    data = request_data(Request(Path("spec.yaml"), "embedded", {"model": "model"}))
    assert data["options"] == {"model": str(tmp_path / "model")}
    assert (
        request_data(Request(Path("spec.yaml")))["policy"] == "auto"
        and request_data(Request(Path("spec.yaml")))["seed"] == 0
    )


@pytest.mark.parametrize(
    "name", ["api_key", "apikey", "API_KEY", "key", "password", "client_secret", "access_token", "token"]
)
def test_secrets_are_not_kept(name: str) -> None:
    assert "hunter2" not in json.dumps(request_data(Request(Path("s"), "chat", {name: "hunter2", "model": "m"})))


@pytest.mark.parametrize(
    "data", [{"seed": "one"}, {"seed": True}, {"policy": 3}, {"options": []}, {"workers": 1.5}, {"skip": 1}]
)
def test_a_damaged_request_is_said(data: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="changed after it was written"):
        request_from(data, Path("spec.yaml"))


def test_an_option_of_another_policy_is_refused() -> None:
    with pytest.raises(InputError, match="--answer-timeout is not an option of policy trust"):
        check_options(Request(Path("s"), "trust", {"timeout": 3.0}))
    check_options(Request(Path("s"), "chat", {"timeout": 3.0, "temperature": 0.1}))
