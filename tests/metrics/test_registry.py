"""A metric is one entry: complete, and the only place that says what it says."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from typing import Any

import pytest

from eda_agent import metrics
from eda_agent.metrics import METRICS
from eda_agent.metrics.metric import Metric, add
from eda_agent.problem.draft import benches as drafted
from eda_agent.problem.load_testbench import read_template, template_names

from ..conftest import ROOT

ANALYSES = {"op", "ac", "dc", "tran", "noise"}


@pytest.mark.parametrize("name", METRICS)
def test_an_entry_is_complete(name: str) -> None:
    entry = METRICS[name]
    assert (
        entry.definition
        and entry.ramp in {"log", "linear"}
        and (entry.span is None or (entry.ramp == "linear" and entry.span > 0))
    )
    assert entry.output in {"", "driven", "held"} and entry.ask in {"better", "typical", "keep", "relax"}
    # one that needs a waveform says of which analysis
    assert (entry.measure is not None) == (entry.analysis != "") and entry.analysis in {"", *ANALYSES}
    assert entry.measure is None or entry.measure.__module__.startswith("eda_agent.metrics.")
    assert not entry.loop or entry.analysis == "ac"
    assert entry.ask == "better" or entry.typical is not None


@pytest.mark.parametrize("name", METRICS)
def test_its_second_method_measures_it(name: str) -> None:
    path = ROOT / METRICS[name].second
    assert METRICS[name].second.endswith(".py") and name in path.read_text(encoding="utf-8")


def test_what_a_template_measures_and_what_a_draft_asks_has_an_entry() -> None:
    for template in template_names():
        for name, analysis in read_template(template)["metrics"].items():
            assert METRICS[name].measure is not None and analysis in ANALYSES, (template, name)
    asked = {
        name for benches in vars(drafted).values() if isinstance(benches, tuple)
        for bench in benches if isinstance(bench, drafted.Bench) for name in bench.metrics
    }  # fmt: skip
    assert len(asked) > 10 and [name for name in asked if METRICS[name].typical is None] == []


def test_every_module_of_the_package_is_imported() -> None:
    code = (
        "import sys, eda_agent.metrics; print(*sorted(name for name in sys.modules if"
        " name.startswith('eda_agent.metrics.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == sorted(
        f"eda_agent.metrics.{module.name}" for module in pkgutil.iter_modules(metrics.__path__)
    )


@pytest.mark.parametrize(
    "entry",
    [
        Metric("gbw", "Hz", "log", None, "a name that is there"),
        Metric("other", "Hz", "log", None, "an id that is there", id=METRICS["gbw"].id),
        Metric("other", "Hz", "log", None, "an alias that is there", aliases=METRICS["gbw"].aliases[:1]),
        Metric(METRICS["gbw"].aliases[0], "Hz", "log", None, "a name that is another's alias"),
    ],
    ids=lambda entry: entry.definition,
)
def test_no_two_entries_say_the_same(entry: Metric) -> None:
    before = dict(METRICS)
    with pytest.raises(ValueError, match="is that of gbw"):
        add(entry)
    assert before == METRICS


def reachable(function: Any, seen: set[str]) -> set[str]:
    """The names that a function of the package uses, and those of the package's functions that it calls."""
    inner = [const for const in function.__code__.co_consts if hasattr(const, "co_names")]
    names = {name for code in (function.__code__, *inner) for name in code.co_names} - seen
    for name in names:
        called = function.__globals__.get(name)
        if getattr(called, "__module__", "").startswith("eda_agent.metrics.") and hasattr(called, "__code__"):
            names = names | reachable(called, seen | names)
    return names


@pytest.mark.parametrize("name", [name for name, entry in METRICS.items() if entry.measure is not None])
def test_an_entry_says_when_its_value_is_a_bound(name: str) -> None:
    # the bound of a jitter is one on the frequency, so that there is no number at all
    bounded = "Censored" in reachable(METRICS[name].measure, set()) and name != "period_jitter"
    assert bool(METRICS[name].window) == bounded
