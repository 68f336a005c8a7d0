"""Any text in place of a script gives a program or findings, never an exception; formulas follow arithmetic."""

import contextlib
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_agent.problem.logical_line import Line
from eda_agent.problem.script import compile_script
from eda_agent.problem.script.formula import parse
from eda_agent.problem.script.words import ScriptError
from eda_agent.simulation.script.formula import evaluate
from eda_agent.simulation.script.vector import FormulaError, Vector

WORDS = [
    "let",
    "print",
    "meas",
    "echo",
    "if",
    "else",
    "end",
    "while",
    "repeat",
    "foreach",
    "alter",
    "set",
    "setplot",
    "ac",
    "tran",
    "dc",
    "op",
    "v(out)",
    "i(v1)",
    "@m1[gm]",
    "$x",
    "$&y",
    "=",
    "+",
    "-",
    "*",
    "/",
    "^",
    "(",
    ")",
    "[",
    "]",
    ",",
    ";",
    "<",
    ">",
    "1",
    "2.5",
    "1k",
    "10meg",
    "'a'",
    '"b"',
    "find",
    "when",
    "trig",
    "targ",
    "at=1",
    "rise=1",
    "max",
    "vdb(out)",
    "par('a')",
    "last",
]


def line(text: str) -> Line:
    return Line(text, (text,), Path("tb.spice"), 1)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join), max_size=6), st.text(max_size=40))
def test_any_script_is_compiled_or_refused(lines, text):
    findings = []
    compile_script([line(one) for one in [*lines, text]], [line(f".meas {one}") for one in lines], findings)


class Constants:
    degrees = False

    def vector(self, name):
        values = {"a": 3.0, "b": -0.5, "c": 7.25}
        if name not in values:
            raise FormulaError(name)
        return Vector(np.array([values[name]]))

    def text(self, word):
        return "".join(part if isinstance(part, str) else "2" for part in word)


ATOMS = st.sampled_from(["a", "b", "c", "2", "1.5", "10k"])
FORMULAS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(" ".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-({text})"),
        inner.map(lambda text: f"abs({text})"),
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(FORMULAS)
def test_a_formula_is_arithmetic(text):
    found = evaluate(parse(text), Constants()).scalar()
    known = {"a": 3.0, "b": -0.5, "c": 7.25, "abs": abs}
    assert found == eval(text.replace("10k", "10000.0"), {"__builtins__": {}}, known)  # text made above


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="abv()[]{}$&@#'\"+-*/^,<>=?: 019.ekm", max_size=30))
def test_any_formula_has_a_value_or_a_reason(text):
    with contextlib.suppress(ScriptError, FormulaError):
        evaluate(parse(text), Constants())
