"""An analysis in words has the numbers of its command."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from eda_agent.problem.spec import Problem
from eda_agent.record.report.analysis_words import analysis_words
from eda_agent.record.report.bias_words import bias_texts
from eda_agent.record.report.evidence import testbench_rows as bench_rows

VALUES = {"vdd": 1.8, "hold": 4e-6, "f": 1e4}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("ac dec {20} 10 10g", "AC from 10 Hz to 10 GHz, 20 points per decade"),
        ("ac lin 1 {f} {f}", "AC at 10 kHz"),
        ("dc vvdd {1.05*vdd} 540m {-vdd/200}", "DC sweep of the supply from 1.89 V to 540 mV in steps of 9 mV"),
        ("dc iload 50u 5m 99u", "DC sweep of the load current from 50 uA to 5 mA in steps of 99 uA"),
        ("dc temp -40 125 5", "DC sweep of the temperature from -40 °C to 125 °C in steps of 5 °C"),
        ("dc vown 0 1meg 1k", "DC sweep of vown from 0 V to 1 MV in steps of 1 kV"),
        (
            "noise v(out) vvdd dec 10 10 1.26meg",
            "noise at out, referred to the supply, from 10 Hz to 1.26 MHz, 10 points per decade",
        ),
        ("tran {hold/200} {2.1*hold}", "transient of 8.4 us with steps of 20 ns"),
        ("tran 1n 10u 2u 5n", "transient of 10 us with steps of 5 ns, shown from 2 us"),
        # of another form: as it is, with numbers
        ("tran {hold} 10u uic", "tran 4u 10u uic"),
        ("pz in 0 out 0 vol pz", "pz in 0 out 0 vol pz"),
        ("dc vvdd 0 {vdd} {unknown}", "dc vvdd 0 1.8 {unknown}"),
        ("", ""),
    ],
)
def test_words(command: str, words: str) -> None:
    assert analysis_words(command, VALUES) == words


def test_the_band_of_a_noise_is_told_once() -> None:
    values = {"noise_start": 10.0, "noise_stop": 1e6}
    words = analysis_words("noise v(out) vvdd dec 10 {noise_start} {1.26*noise_stop}", values)
    assert "from 10 Hz to 1 MHz and one step beyond, 10 points" in words and "1.26" not in words


def test_the_sources_at_the_bias_ports_are_told(tmp_path: Path, problems: dict[str, Problem]) -> None:
    assert bias_texts(problems["ldo"]) == ["ib: 5 uA from the supply"]
    path = tmp_path / "spec.yaml"
    path.write_text(
        "bias: {a: {current: -10u}, b: {voltage: vdd/2}, c: {resistance: 10k, to: vdd}, d: {resistance: 1k}, e: odd}"
    )
    told = bias_texts(replace(problems["ldo"], path=path))
    assert told == ["a: 10 uA to vss", "b: 900 mV (vdd/2)", "c: 10 kOhm to vdd", "d: 1 kOhm to vss", "e: odd"]
    assert bias_texts(replace(problems["ldo"], path=tmp_path / "none.yaml")) == []


def test_every_analysis_of_the_shipped_circuits_is_told_with_units(problems: dict[str, Problem]) -> None:
    told = {words for problem in problems.values() for row in bench_rows(problem) for words in row["analyses"]}
    assert len(told) > 10
    for words in told:
        assert words.startswith(("AC ", "DC sweep of ", "noise at ", "transient of ")), words
        assert re.search(r"\d (?:[munpkMG]?(?:Hz|V|A|s)|°C)\b", words), words
