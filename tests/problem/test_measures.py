"""Measurements of one's own: a .meas line and a Python function on an RC whose answers are closed forms, and what is
refused.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from eda_agent.cli.main import main
from eda_agent.errors import InputError
from eda_agent.problem.load import load_problem
from eda_agent.run import measure_once

CIRCUIT = (
    "* rc\n.model n nmos level=1\n.subckt rc inp inn out vdd vss\nR1 inp out {R}\nC1 out vss 1n\nR9 vdd vss 1meg\nR8"
    " inn vss 1meg\n.param R=1k\n.ends\n"
)
RISE = '"trig v(out) val=0.76 rise=1 targ v(out) val=0.99 rise=1"'


def spec(tmp_path: Path, measures: str, specs: str) -> Path:
    (tmp_path / "c.spice").write_text(CIRCUIT)
    (tmp_path / "tb.spice").write_text(
        "* tb\nVdd vdd 0 1.8\nVinp inp 0 pulse(0.7 1.1 1u 1n 1n 20u 50u)\nXdut inp 0 out vdd 0 rc\n.tran 20n"
        " 20u\n.end\n"
    )
    path = tmp_path / "spec.yaml"
    path.write_text(
        "circuit: c.spice\nsubckt: rc\npdk: own\nparameters: {R: {min: 100, max: 100k}}\ntestbenches: {t: {deck:"
        f" tb.spice, probes: {{out: out, supply: vdd}}}}}}\nmeasures: {measures}\nspecs: {specs}\n"
    )
    return path


def test_a_meas_line_and_a_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDA_AGENT_ALLOW_CODE", "1")
    (tmp_path / "my.py").write_text("def final(wave, settings):\n    return wave.real('out')[-1]\n")
    path = spec(
        tmp_path,
        f"{{rise: {{testbench: t, analysis: tran, unit: s, meas: {RISE}}}, final: {{testbench: t, analysis: tran, unit:"
        " V, python: my.py}}",
        "{rise: {testbench: t, unit: s, maximum: 1u}, final: {testbench: t, unit: V, minimum: 1}}",
    )
    values = measure_once(load_problem(path))
    # from 0.15 to 0.725 of the step: τ ln(0.85 / 0.275)
    assert values["rise"] == pytest.approx(1e-6 * math.log(0.85 / 0.275), rel=5e-3)
    assert values["final"] == pytest.approx(1.1, rel=1e-4)


def test_what_finds_nothing_has_no_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDA_AGENT_ALLOW_CODE", "1")
    (tmp_path / "my.py").write_text("def broken(wave, settings):\n    return 1 / 0\n")
    measures = (
        '{never: {testbench: t, analysis: tran, unit: s, meas: "when v(out)=5 rise=1"}, broken: {testbench: t,'
        " analysis: tran, unit: V, python: my.py}}"
    )
    path = spec(
        tmp_path, measures, "{never: {testbench: t, unit: s, maximum: 1u}, broken: {testbench: t, unit: V, minimum: 1}}"
    )
    assert measure_once(load_problem(path)) == {"never": None, "broken": None}


@pytest.mark.parametrize(
    ("measures", "says"),
    [
        (
            '{x: {testbench: t, analysis: tran, unit: s, meas: "when v(out)=1; shell id"}}',
            "characters that are not allowed",
        ),
        ('{x: {testbench: t, analysis: tran, unit: s, meas: "when v(out)=`id`"}}', "characters that are not allowed"),
        ("{x: {testbench: t, analysis: tran, unit: V, python: my.py}}", "add --allow-code"),
        ("{x: {testbench: t, analysis: ac, unit: V, meas: max v(out)}}", "has no analysis 'ac'"),
        ("{gbw: {testbench: t, analysis: tran, unit: V, meas: max v(out)}}", "cannot be the name"),
        ("{x: {testbench: t, analysis: tran, unit: parsec, meas: max v(out)}}", "unknown unit"),
        ("{x: {testbench: t, analysis: tran, unit: V}}", "no method"),
        ("{x: {testbench: t, analysis: tran, unit: V, ramp: linear, span: 0, meas: max v(out)}}", "a span is above 0"),
        ("{x: {testbench: t, analysis: tran, unit: V, ramp: linear, span: 5s, meas: max v(out)}}", "span: "),
    ],
)
def test_what_is_refused(measures: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "my.py").write_text("raise SystemExit('must not run')\n")
    with pytest.raises(InputError, match=says):
        load_problem(spec(tmp_path, measures, "{x: {testbench: t, maximum: 1}}"))


def test_its_ramp_span_and_description_are_those_of_the_spec(tmp_path: Path) -> None:
    """They were read and forgotten: a linear ramp took the target's own size for its span."""
    measures = (
        "{x: {testbench: t, analysis: tran, unit: V, ramp: linear, span: 200m, description: highest output, meas: max"
        " v(out)}}"
    )
    metric = load_problem(spec(tmp_path, measures, "{x: {testbench: t, unit: V, maximum: 1}}")).specs[0].metric
    assert (metric.ramp, metric.span, metric.definition) == ("linear", 0.2, "highest output")


@pytest.mark.parametrize(
    ("unit", "bound", "shown"), [("mV", "1000", "1100 mV"), ("uV", "1000000", "1.1 V"), ("V", "1", "1.1 V")]
)
def test_a_unit_with_a_prefix_is_how_the_number_is_shown(
    unit: str, bound: str, shown: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`unit: mV` was an unknown unit. The capacitor charges to 1.1 V, whatever the unit."""
    measures = (
        f"{{top: {{testbench: t, analysis: tran, unit: {unit}, ramp: linear, span: 100{unit}, meas: max v(out)}}}}"
    )
    path = spec(tmp_path, measures, f"{{top: {{testbench: t, minimum: {bound}}}}}")
    problem = load_problem(path)
    found = problem.specs[0]
    assert found.minimum == pytest.approx(1.0)
    assert found.metric.span == pytest.approx({"mV": 0.1, "uV": 1e-4, "V": 100}[unit])
    assert measure_once(problem)["top"] == pytest.approx(1.1, rel=1e-4)
    assert main(["sim", str(path)]) == 0
    assert shown in capsys.readouterr().out
