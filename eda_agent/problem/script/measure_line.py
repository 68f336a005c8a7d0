"""A measure line is a `.meas` card or a `meas` command: what is taken from the waveforms of one analysis, under a name.

    tran NAME trig v(a) val=0.5 rise=1 targ v(b) val=0.5 fall=LAST        tran NAME avg v(out) from=1u to=2u
    ac NAME find vdb(out) at=10          ac NAME find vp(out) when vdb(out)=0          tran NAME param='a/b'

A compiled line is a mapping: `analysis`, `name`, `kind`, and for each clause what it names (see `_clause`).
"""

from __future__ import annotations

import re
from typing import Any

from eda_agent.problem import expression
from eda_agent.problem.expression import ExpressionError
from eda_agent.problem.script.formula import Macros, parse
from eda_agent.problem.script.words import ScriptError, word_of
from eda_agent.spice_numbers import command_number, parse_spice_number

Measure = dict[str, Any]
ANALYSES = ("tran", "ac", "dc", "sp")
OF_RANGE = ("avg", "min", "max", "min_at", "max_at", "pp", "rms", "integ")
"""Kinds that are taken over a range of the axis."""
_SPELLED = {"integral": "integ", "derivative": "deriv", "expr": "param", "delay": "trig", "mean": "avg"}
_HSPICE = re.compile(
    r"^(avg|min|max|pp|rms|integ|integral)\s*\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)(?=\s|$)", re.IGNORECASE
)
"""`AVG(v(out))`, as HSPICE allows it."""
_KEYS = ("val", "td", "from", "to", "at", "rise", "fall", "cross")
_PART = {"m": "mag", "p": "deg", "d": "db", "r": "re", "i": "im"}


def read_measure(text: str, macros: Macros | None = None) -> Measure:
    """Read the line behind `.meas` or `meas`. Raises `ScriptError`."""
    analysis, _, rest = text.strip().partition(" ")
    name, _, rest = rest.strip().partition(" ")
    analysis, name, rest = analysis.lower(), name.lower(), _joined(rest.strip())
    if analysis not in ANALYSES:
        raise ScriptError(f"no measurement of {analysis!r}", f"one of {', '.join(ANALYSES)}")
    rest = _HSPICE.sub(r"\1 \2 ", rest)
    kind = re.split(r"[\s=]", rest, maxsplit=1)[0].lower()
    kind = _SPELLED.get(kind, kind)
    if kind == "param":
        # LTspice writes no equals sign
        body = re.sub(r"^[a-z]+\s*=?\s*", "", rest, flags=re.IGNORECASE)
        try:
            expression.parse(body)
        except ExpressionError as error:
            raise ScriptError(str(error)) from None
        return {"analysis": analysis, "name": name, "kind": "param", "text": expression.strip_quotes(body)}
    words = _with_equals(_words(rest)[1:])
    result: Measure = {"analysis": analysis, "name": name, "kind": kind}
    if kind == "trig":
        split = next((number for number, word in enumerate(words) if word.lower() == "targ"), None)
        if split is None:
            raise ScriptError("a measurement with trig needs targ")
        return {
            **result,
            "trig": _edge(words[:split], analysis, macros),
            "targ": _edge(words[split + 1 :], analysis, macros),
        }
    if kind in {"find", "deriv"}:
        when = next((number for number, word in enumerate(words) if word.lower() == "when"), None)
        result["of"] = _vector(words[0], analysis, macros) if words else None
        if result["of"] is None:
            raise ScriptError(f"{kind} needs a vector")
        if when is not None:
            return {**result, "when": _when(words[when + 1 :], analysis, macros), "clause": {}}
        clause = _clause(words[1:])
        if "at" not in clause:
            raise ScriptError(f"{kind} needs at= or when")
        return {**result, "clause": clause}
    if kind == "when":
        return {**result, "when": _when(words, analysis, macros)}
    if kind in OF_RANGE:
        if not words:
            raise ScriptError(f"{kind} needs a vector")
        return {**result, "of": _vector(words[0], analysis, macros), "clause": _clause(words[1:])}
    raise ScriptError(
        f"there is no measurement {kind!r}", f"trig … targ, find, when, deriv, param, {', '.join(OF_RANGE)}"
    )


def _joined(text: str) -> str:
    """The text without blanks around its equals signs, and inside its brackets."""
    text = re.sub(r"\s*=\s*", "=", text)
    return re.sub(r"\(([^()]*)\)", lambda found: "(" + re.sub(r"\s+", "", found[1]) + ")", text)


def _words(text: str) -> list[str]:
    """Split at blanks outside quotes and brackets."""
    words, depth, quote, current = [], 0, "", ""
    for mark in text:
        if quote:
            quote = "" if mark == quote else quote
        elif mark in "'\"":
            quote = mark
        elif mark in "({":
            depth += 1
        elif mark in ")}":
            depth -= 1
        if mark.isspace() and not quote and depth <= 0:
            words += [current] if current else []
            current = ""
        else:
            current += mark
    return [*words, current] if current else words


def _with_equals(words: list[str]) -> list[str]:
    """The words with an equals sign between a key of a clause and its value: LTspice writes `FROM 1n TO 11n`."""
    result: list[str] = []
    waiting = False
    for word in words:
        if waiting and "=" not in word and word.lower() not in _KEYS:
            result[-1] += f"={word}"
            waiting = False
            continue
        result.append(word)
        # the first word is what is measured, except in  trig at 1n
        waiting = word.lower() in (_KEYS if len(result) > 1 else ("at",))
    return result


def _edge(words: list[str], analysis: str, macros: Macros | None) -> Measure:
    """A trigger or a target: a vector with the value it passes, or `at`."""
    if not words:
        raise ScriptError("trig and targ need a vector or at=")
    if re.match(r"at=", words[0], re.IGNORECASE):
        return {"of": None, "clause": _clause(words)}
    clause = _clause(words[1:])
    if not clause.keys() & {"rise", "fall", "cross", "at"}:
        raise ScriptError("trig and targ need at=, rise=, fall= or cross=")
    vector, equals, value = _equation(words[0])
    if equals:
        clause.setdefault("val", _value(value))
    return {"of": _vector(vector, analysis, macros), "clause": clause}


def _when(words: list[str], analysis: str, macros: Macros | None) -> Measure:
    if not words:
        raise ScriptError("when needs  VECTOR=VALUE")
    vector, equals, value = _equation(words[0])
    clause = _clause(words[1:])
    if not equals:
        if "val" not in clause:
            raise ScriptError("when needs  VECTOR=VALUE")
        return {"of": _vector(vector, analysis, macros), "clause": clause}
    if parse_spice_number(value) is None and "$" not in value:
        # a vector of one value is a number, decided when it runs
        return {"of": _vector(vector, analysis, macros), "other": _vector(value, analysis, macros), "clause": clause}
    return {"of": _vector(vector, analysis, macros), "clause": {**clause, "val": _value(value)}}


def _equation(word: str) -> tuple[str, str, str]:
    """`v(out)=0.5` at the equals sign outside its brackets and quotes."""
    depth, quote = 0, ""
    for number, mark in enumerate(word):
        quote = "" if mark == quote else mark if mark in "'\"" and not quote else quote
        depth += (mark == "(") - (mark == ")")
        if mark == "=" and depth == 0 and not quote:
            return word[:number], "=", word[number + 1 :]
    return word, "", ""


def _clause(words: list[str]) -> dict[str, Any]:
    """`val`, `td`, `from`, `to`, `at`: number, or the word of a variable or of a vector with one value; `rise`,
    `fall`, `cross`: number or "last".
    """
    result: dict[str, Any] = {}
    for word in words:
        if word.lower() == "last":
            result["cross"] = "last"
            continue
        key, equals, value = word.partition("=")
        if not equals or key.lower() not in _KEYS or not value:
            raise ScriptError(f"cannot read {word!r} of the measurement", f"one of {', '.join(_KEYS)}, with =")
        if value.lower() == "last":
            if key.lower() not in {"rise", "fall", "cross"}:
                raise ScriptError("only rise, fall and cross can be LAST")
            result[key.lower()] = "last"
        else:
            result[key.lower()] = _value(value)
    return result


def _value(text: str) -> Any:
    """A number, or ["formula", tree] for text that is evaluated when it runs."""
    bare = expression.strip_quotes(text)
    number = command_number(bare)
    if number is not None:
        return number
    return ["formula", parse(bare)]


def _vector(text: str, analysis: str, macros: Macros | None) -> Measure:
    """A vector to measure: its tree, and `part`: what is taken of a complex one, as in vdb(out); "" for the real
    part.
    """
    found = re.fullmatch(r"(par)?\(?'([^']*)'\)?", text, re.IGNORECASE)
    bare = found[2] if found else text.strip("\"'")
    # ngspice looks at the letter behind the v alone: vmag, vph
    kind = re.fullmatch(r"v([mpdri])[a-z]*\((.*)\)", bare, re.IGNORECASE)
    if kind and analysis in {"ac", "sp"}:
        return {"tree": parse(f"v({kind[2]})", macros), "part": _PART[kind[1].lower()]}
    if "$" in bare:
        return {"tree": ["vector", word_of(bare.lower())], "part": ""}
    return {"tree": parse(bare, macros), "part": ""}
