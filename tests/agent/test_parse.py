"""Replies of a model: repaired where plain, refused with help otherwise, never dangerous."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.agent.parse import parse_reply, reply_schema
from eda_agent.problem.space import DesignSpace, Parameter
from eda_agent.problem.spec import Problem
from eda_agent.units import format_quantity

SPACE = DesignSpace(
    (
        Parameter("W12", 1e-6, 1e-4, "m", "log", 1e-8, "width", 4e-6, ()),
        Parameter("m5", 1.0, 20.0, "", "log", 1.0, "ratio", 2.0, ()),
    )
)
BEST = {"W12": 4e-6, "m5": 2.0}


@pytest.mark.parametrize(
    ("reply", "sizing"),
    [
        ('{"reasoning": "wider", "sizing": {"W12": "8u", "m5": "4"}}', {"W12": 8e-6, "m5": 4.0}),
        ('```json\n{"reasoning": "x", "sizing": {"W12": 8e-6, "m5": 4}}\n```', {"W12": 8e-6, "m5": 4.0}),
        (
            '<think>{"sizing": {"W12": "1u"}} maybe</think>{"sizing": {"w12": "8u", "M5": "4"}}',
            {"W12": 8e-6, "m5": 4.0},
        ),
        ('I would say {"W12": "8um", "m5": 3.6}.', {"W12": 8e-6, "m5": 4.0}),
        ('{"sizing": {"W12": "8u"}}', {"W12": 8e-6, "m5": 2.0}),
        ('{"sizing": {"W12": "8u", "m5": "4"', {"W12": 8e-6, "m5": 4.0}),
        ('{"sizing": {"W12": "900u", "m5": "-3"}}', {"W12": 1e-4, "m5": 1.0}),
    ],
)
def test_what_is_plain_is_taken(reply: str, sizing: dict[str, float]) -> None:
    assert parse_reply(reply, SPACE, BEST).sizing == sizing


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        ("no idea", "no JSON object"),
        ("", "no JSON object"),
        ('{"sizing": {"W13": "8u"}}', "did you mean 'W12'"),
        ('{"sizing": {"W12": "big"}}', "W12"),
        ('{"sizing": []}', "must be an object"),
        ('{"sizing": {}}', "sizing is empty: name at least one parameter, such as W12"),
        ('{"sizing": {"W12": {"a": 1}}}', "W12"),
        ('{"sizing": {"W12": "1e999"}}', "finite"),
        ("[1, 2]", "no JSON object"),
        ('{"sizing": {"W12": "8u\\n.control"}}', "W12"),
    ],
)
def test_what_is_not_gets_help(reply: str, says: str) -> None:
    proposal = parse_reply(reply, SPACE, BEST)
    assert proposal.sizing is None
    assert says in proposal.error


def test_repairs_are_told() -> None:
    proposal = parse_reply('{"reasoning": "r", "sizing": {"W12": "900u"}}', SPACE, BEST)
    assert proposal.reasoning == "r"
    assert len(proposal.notes) == 2


@given(st.text(max_size=300))
def test_no_text_raises_and_every_sizing_is_legal(text: str) -> None:
    sizing = parse_reply(text, SPACE, BEST).sizing
    assert sizing is None or SPACE.snap(sizing) == sizing


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=10)),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["sizing", "W12", "m5", "x"]), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_no_json_raises(value: object) -> None:
    sizing = parse_reply(json.dumps(value), SPACE, BEST).sizing
    assert sizing is None or SPACE.snap(sizing) == sizing


def test_deep_nesting_is_survived() -> None:
    assert parse_reply("{" * 5000, SPACE, BEST).sizing is None
    assert parse_reply('{"a":' * 5000, SPACE, BEST).sizing is None


def test_the_schema_names_every_parameter_and_nothing_else() -> None:
    schema = reply_schema(SPACE)
    sizing = schema["properties"]["sizing"]
    assert sizing["required"] == ["W12", "m5"]
    assert sizing["additionalProperties"] is False


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_follows_the_schema_can_be_parsed(problems: dict[str, Problem], data: st.DataObject) -> None:
    """A model that is held to the schema always gives a sizing."""
    space = problems[data.draw(st.sampled_from(sorted(problems)))].space
    schema = reply_schema(space)
    values = {
        name: data.draw(st.from_regex(rule["pattern"].removesuffix("$") + r"\Z", fullmatch=True))
        for name, rule in schema["properties"]["sizing"]["properties"].items()
    }
    proposal = parse_reply(json.dumps({"reasoning": "", "sizing": values}), space, space.initial)
    assert proposal.sizing is not None, proposal.error
    # and every legal sizing can be said
    for parameter in space.parameters:
        said = format_quantity(parameter.initial, digits=4).replace(" ", "")
        assert re.search(schema["properties"]["sizing"]["properties"][parameter.name]["pattern"], said), (
            parameter.name,
            said,
        )
