"""Loading of the user's measurements: a `.meas` line, or a short Python function, as a metric of this spec.

    measures:
      rise: {testbench: step, analysis: tran, unit: s, meas: "trig v(out) val=0.8 rise=1 targ v(out) val=1.0 rise=1"}
      droop: {testbench: step, analysis: tran, unit: V, python: droop.py}          # its function `droop(wave,
          settings)`

A `.meas` line is checked word for word before ngspice reads it. A Python file is a program: it runs only with the
user's consent (`--allow-code`, or EDA_AGENT_ALLOW_CODE=1), because a spec may come from others.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, cast

from eda_agent.metrics import METRICS, Metric
from eda_agent.metrics.waveform import LOOP
from eda_agent.problem.located_node import LocatedNode
from eda_agent.problem.spec import Testbench
from eda_agent.units import UNITS, QuantityError, parse_quantity, read_unit

ALLOW = "EDA_AGENT_ALLOW_CODE"
KINDS = ("ac", "dc", "tran")
KEYS = ("testbench", "analysis", "unit", "ramp", "span", "meas", "python", "description")
MAX_DEFINITION = 200
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_MEAS = re.compile(r"[\w \t()=.,+\-*/:#\[\]]{1,300}")
"""Characters of a `.meas` line: none that ends a command, redirects its output, quotes, or names a file or shell."""


def load_measures(node: LocatedNode | None, testbenches: dict[str, Testbench], folder: Path) -> Mapping[str, Metric]:
    """The metrics that a spec defines; each testbench in `testbenches` receives its own measurements. Findings go to
    the report.
    """
    result = {}
    for name, entry in node.mapping("measures").items() if node else ():
        values = entry.mapping("a measurement")
        entry.only(*KEYS)
        if not _NAME.fullmatch(name) or name in METRICS:
            entry.wrong(
                f"{name!r} cannot be the name of a measurement",
                "lower-case letters, digits and _, and not the name of an existing metric",
            )
            continue
        bench = values["testbench"].text("testbench") if "testbench" in values else ""
        kind = values["analysis"].text("analysis") if "analysis" in values else ""
        unit = _unit(values["unit"].text("unit") if "unit" in values else "")
        if bench not in testbenches:
            entry.wrong(f"no testbench {bench!r}", f"testbench: {' or '.join(testbenches) or '…'}")
        elif kind not in KINDS or kind not in {analysis.kind for analysis in testbenches[bench].analyses}:
            able = [analysis.kind for analysis in testbenches[bench].analyses if analysis.kind in KINDS]
            entry.wrong(
                f"testbench {bench!r} has no analysis {kind!r}",
                f"analysis: {' or '.join(able) or 'none can be measured'}",
            )
        elif kind == "ac" and LOOP in testbenches[bench].probes and "meas" in values:
            entry.wrong(
                f"the ac analysis of testbench {bench!r} gives its loop gain, which a .meas line cannot see",
                "use a python function on wave.probes['loop'], or a testbench without a loop probe",
            )
        elif unit is None:
            entry.wrong(
                "unknown unit", f"one of {', '.join(sorted(set(UNITS.values()) - {''}))}, also with a prefix, or none"
            )
        else:
            how = _how(name, entry, values, folder)
            if how:
                ramp = values["ramp"].text("ramp") if "ramp" in values else "log"
                if ramp not in {"log", "linear"}:
                    values["ramp"].wrong("ramp is log or linear")
                span = _span(values["span"], unit) if "span" in values else None
                definition = (
                    _definition(values["description"]) if "description" in values else "measured as defined in the spec"
                )
                result[name] = Metric(name, unit, cast(Literal["log", "linear"], ramp), span, definition)
                old = testbenches[bench]
                testbenches[bench] = replace(
                    old, sources={**old.sources, name: kind}, measures={**old.measures, name: how}
                )
    return result


def _unit(text: str) -> str | None:
    """The unit in which a measurement is shown, such as mV; its number is in SI units all the same. None: unknown."""
    try:
        return read_unit(text).name
    except QuantityError:
        return None


def _definition(node: LocatedNode) -> str:
    """One line for prompts and reports."""
    text = " ".join(node.text("description").split())
    if len(text) > MAX_DEFINITION:
        node.wrong(f"a description has {MAX_DEFINITION} characters at most")
    return text[:MAX_DEFINITION]


def _span(node: LocatedNode, unit: str) -> float | None:
    """The miss, in the measurement's unit, at which a linear ramp scores 0."""
    try:
        span = parse_quantity(node.text("span"), unit)
    except QuantityError as error:
        node.wrong(f"span: {error}")
        return None
    if span <= 0:
        node.wrong("a span is above 0")
        return None
    return span


def _how(name: str, entry: LocatedNode, values: Mapping[str, LocatedNode], folder: Path) -> str:
    """`meas …` for ngspice, or `python FILE`; "" after a finding."""
    if "meas" in values:
        text = values["meas"].text("meas").strip()
        if not _MEAS.fullmatch(text):
            values["meas"].wrong(
                "this .meas line has characters that are not allowed", "words, numbers, v(node), = . , + - * / ( ) [ ]"
            )
            return ""
        return f"meas {text}"
    if "python" not in values:
        entry.wrong("the measurement has no method", "meas: a .meas line without its name, or python: FILE.py")
        return ""
    path = (folder / values["python"].text("python")).resolve()
    if not path.is_file():
        values["python"].wrong("the file does not exist", f"a file with  def {name}(wave, settings): …")
        return ""
    if os.environ.get(ALLOW) != "1":
        values["python"].wrong(
            "this measurement runs a program that the spec names",
            f"read {path.name}, then add --allow-code (or set {ALLOW}=1)",
        )
        return ""
    return f"python {path}"
