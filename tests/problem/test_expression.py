"""Expressions: against Python's own arithmetic, and against ngspice's."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_agent.problem import expression
from eda_agent.problem.expression import ExpressionError, evaluate, fold, parse
from eda_agent.problem.expression_text import to_python, to_text

ENV = {"w": 4.0, "l": 0.5, "nf": 2.0}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{2*w+l}", 8.5),
        ("'int((nf+1)/2) * W/nf * 0.29'", 0.58),
        ("2**3**2", 512),
        ("-2^2", -4),
        ("w>3 ? 1 : 2", 1),
        ("min(w, l, 1)", 0.5),
        ("4u*1MEG", 4),
        ("sqrt(w)*1k", 2000),
        ("agauss(3, 1, 3)", 3),
        ("1 - -1", 2),
        ("!(w==4)", 0),
        ("(w>1) && (l>1)", 0),
    ],
)
def test_values(text: str, value: float) -> None:
    assert evaluate(parse(text), ENV) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2*",
        "(1",
        "v(out)*2",
        "__import__('os')",
        "w l",
        "1/0",
        "1e999",
        "nope",
        "sqrt(-1)",
        "(" * 300 + "1" + ")" * 300,
        "w-" * 1000 + "w",
        "w**" * 1000 + "w",
        "-" * 1000 + "w",
        "w?1:" * 1000 + "w",
    ],
)
def test_refusals(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(parse(text), ENV)


def test_a_long_sum_is_worked_out_and_written() -> None:
    node = parse("w" + "+l" * 80)
    assert evaluate(node, ENV) == 44.0 == eval(compile(to_python(node), "", "eval"), {}, ENV)
    assert evaluate(parse(to_text(node)), ENV) == 44.0
    # what takes two brackets of Python an operation
    node = parse("w" + "&&l" * 90)
    assert eval(compile(to_python(node), "", "eval"), {}, ENV) == 1.0


leaves = st.one_of(st.floats(0.01, 100).map(lambda x: repr(round(x, 3))), st.sampled_from(["w", "l", "nf"]))
expressions = st.recursive(
    leaves,
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
    max_leaves=8,
)


@given(expressions)
def test_agrees_with_python(text: str) -> None:
    try:
        expected = eval(text, {}, dict(ENV))  # the strategy makes arithmetic only
    except ZeroDivisionError:
        return
    if math.isfinite(expected):
        assert evaluate(parse(text), ENV) == pytest.approx(expected, rel=1e-12, abs=1e-300)


@given(expressions)
def test_folding_and_writing_keep_the_value(text: str) -> None:
    try:
        expected = evaluate(parse(text), ENV)
        folded = fold(parse(text), {"w": 4.0})
    except ExpressionError:
        return
    assert "w" not in expression.names(folded)
    assert evaluate(folded, ENV) == pytest.approx(expected, rel=1e-12)
    assert evaluate(parse(to_text(folded)), ENV) == pytest.approx(expected, rel=1e-12)


def test_a_switched_off_random_term_disappears() -> None:
    node = fold(parse("0.519+MC_MM_SWITCH*AGAUSS(0,1.0,1)*(slope/sqrt(l*w*mult))"), {"mc_mm_switch": 0.0})
    assert node == expression.Number(0.519)


def test_a_product_with_zero_is_zero_whatever_else_is_in_it() -> None:
    """A foundry's `MC_MM_SWITCH*AGAUSS(0,1.0,1)*(f(l, w))` without Monte Carlo; and nothing else of it is worked
    out.
    """
    for text in ("sw*agauss(0, 1, 1)*(a/l)", "agauss(0, 1, 1)*(a/l)*sw", "0*(1/0)", "sw*unknown"):
        assert fold(parse(text), {"sw": 0.0, "a": 2.0}) == expression.Number(0.0), text
    assert to_text(fold(parse("sw*unknown"), {"sw": 2.0})) == to_text(parse("2*unknown"))
