"""A metric says at which frequency it is measured: the settings that it names are those that its function reads."""

from __future__ import annotations

import inspect
import re

from eda_agent.metrics import METRICS
from eda_agent.problem.load import load_problem
from eda_agent.problem.load_testbench import read_template, template_names
from eda_agent.record.labels import spec_table

from ..conftest import CIRCUITS

FREQUENCY = re.compile(r"""settings(?:\[|\.get\()["'](noise_\w+|at_frequency|frequency)["']""")
OTHERS = {"delay", "pump_ripple", "decision_energy", "kickback"}
OTHERS |= {"acquisition_time", "tracking_error", "pedestal", "hold_feedthrough", "droop", "tracking_resistance"}
"""Their frequency is the clock's, and only says where their windows lie."""


def test_the_settings_are_those_that_the_function_reads() -> None:
    read = 0
    for name, metric in METRICS.items():
        if metric.measure is not None and name not in OTHERS:
            found = set(FREQUENCY.findall(inspect.getsource(inspect.unwrap(metric.measure))))
            # of one point of a sweep the testbench alone knows the frequency
            assert found <= set(metric.at), name
            read += bool(found)
    assert read >= 8


def test_every_template_has_the_settings_of_its_metrics() -> None:
    for name in template_names():
        template = read_template(name)
        for metric in template["metrics"]:
            assert set(METRICS[metric].at) <= set(template["settings"]), (name, metric)


def test_a_spec_on_noise_has_its_frequency() -> None:
    rows = {row["name"]: row for row in spec_table(load_problem(CIRCUITS / "two_stage_miller" / "spec.yaml"))}
    assert rows["input_noise"]["at"] == {"noise_frequency": 10e3}
    assert "at" not in rows["gbw"]
