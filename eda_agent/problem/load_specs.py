"""The specs of a spec.yaml: each a metric with its target."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from eda_agent.metrics import METRICS, Metric
from eda_agent.problem.bias import BIAS_METRICS
from eda_agent.problem.load_bias import Circuit, biased_testbench, devices_of, is_bias, rated_bound, region_of
from eda_agent.problem.located_node import LocatedNode, read_quantity
from eda_agent.problem.names import check_name
from eda_agent.problem.spec import Spec, Testbench
from eda_agent.units import QuantityError, read_unit

KEYS = (
    "metric",
    "testbench",
    "unit",
    "minimum",
    "maximum",
    "weight",
    "worst",
    "objective",
    "corners",
    "devices",
    "region",
)


def load_specs(
    node: LocatedNode | None,
    testbenches: Mapping[str, Testbench],
    fields: Mapping[str, LocatedNode],
    corners: Sequence[str],
    metrics: Mapping[str, Metric],
    circuit: Circuit | None = None,
    pdk: str = "",
) -> tuple[Spec, ...]:
    """The specs, in their order; faults are reported to the nodes.

    Args:
        node: the value of `specs`.
        testbenches: those that were loaded.
        fields: the keys of the whole spec.yaml.
        corners: names of the corners.
        metrics: every metric that a spec may name.
        circuit: the devices that specs on operating points select, None where the circuit is missing.
        pdk: name of the PDK, whose rated voltages are default bounds.
    """
    known = fields["testbenches"].mapping("testbenches") if "testbenches" in fields else {}
    loader = _Loader(testbenches, known, corners, metrics, circuit, pdk)
    loaded = [loader.load(name, entry) for name, entry in (node.mapping("specs").items() if node else ())]
    specs = tuple(spec for spec in loaded if spec is not None)
    if node is not None and not specs and not node.report.findings:
        node.wrong("there is no spec", "name at least one metric and its target")
    return specs


@dataclass(frozen=True)
class _Loader:
    """The objects that a spec may refer to. `known`: every testbench of the spec.yaml, also one that could not be
    loaded.
    """

    testbenches: Mapping[str, Testbench]
    known: Mapping[str, LocatedNode]
    corners: Sequence[str]
    metrics: Mapping[str, Metric]
    circuit: Circuit | None
    pdk: str

    def load(self, name: str, entry: LocatedNode) -> Spec | None:
        """One spec, None without a metric or a bound."""
        check_name(entry, name, "a spec")
        values = entry.mapping("a spec")
        entry.only(*KEYS)
        region = region_of(entry, values)
        metric = self._metric(
            entry, region[0] if region else values["metric"].text("metric") if "metric" in values else name
        )
        if metric is None:
            return None
        unit = _spec_unit(
            values.get("unit"), values["unit"].text("unit") if "unit" in values else metric.unit, metric.unit
        )
        bounds: dict[str, float] = {
            key: read_quantity(values[key], unit, key) for key in ("minimum", "maximum", "worst") if key in values
        }
        bounds |= region[1] if region else {}
        bias = is_bias(values, metric.name)
        devices = devices_of(entry, values, self.circuit) if bias else ()
        if bias and not bounds.keys() & {"minimum", "maximum"}:
            bounds |= rated_bound(entry, metric, devices, self.circuit, self.pdk)
        low, high, worst = (bounds.get(key) for key in ("minimum", "maximum", "worst"))
        if low is None and high is None:
            entry.wrong("a spec needs minimum or maximum")
            return None
        _check_bounds(entry, values, metric, bounds, bias)
        if bias:
            testbench = biased_testbench(entry, values, testbenches=self.testbenches, known=self.known)
        else:
            testbench = _testbench_of(entry, values, metric.name, self.testbenches, self.known)
        objective = values["objective"].text("objective") if "objective" in values else None
        if objective not in {None, "minimize", "maximize"}:
            values["objective"].wrong("unknown objective", "minimize or maximize")
        weight = read_quantity(values["weight"], "", "weight") if "weight" in values else 1.0
        if weight <= 0:
            values["weight"].wrong("a weight is positive")
        only = _spec_corners(values.get("corners"), self.corners)
        aim = cast(Literal["minimize", "maximize"] | None, objective)
        return Spec(name, metric, testbench, low, high, weight, worst, aim, only, unit, devices=devices)

    def _metric(self, entry: LocatedNode, name: str) -> Metric | None:
        metric = self.metrics.get(name)
        if metric is None:
            near = difflib.get_close_matches(name, self.metrics, 3)
            entry.wrong(
                f"unknown metric {name!r}",
                f"did you mean {' or '.join(near)}?" if near else self._results(),
            )
        return metric

    def _results(self) -> str:
        """Where the names are: the results of decks, if they are few."""
        own = [name for bench in self.testbenches.values() for name in bench.measures if name in self.metrics]
        if own and len(own) <= _FEW:
            return f"the testbenches give {', '.join(dict.fromkeys(own))}"
        return "docs/measurements.md lists the metrics"


_FEW = 12
"""Maximum number of results that a message lists."""


def _check_bounds(
    entry: LocatedNode, values: Mapping[str, LocatedNode], metric: Metric, bounds: Mapping[str, float], bias: bool
) -> None:
    """Report bounds that contradict each other or the metric."""
    low, high, worst = (bounds.get(key) for key in ("minimum", "maximum", "worst"))
    if low is not None and high is not None and low > high:
        entry.wrong("minimum is above maximum", "exchange them")
    if bias and low is not None and high is not None:
        entry.wrong(
            "a spec on devices has one bound, because the worst device for a minimum is not the worst for a maximum",
            "write two specs",
        )
    if not bias and "devices" in values:
        values["devices"].wrong(
            f"{metric.name} is not a metric of devices", f"metrics of devices: {', '.join(BIAS_METRICS)}"
        )
    if metric.ramp == "log" and min(bound for bound in (low, high) if bound is not None) <= 0:
        entry.wrong(f"{metric.name} is a positive quantity", "write a bound above 0")
    if worst is not None and (
        (low is not None and high is not None)
        or (low is not None and worst >= low)
        or (high is not None and worst <= high)
    ):
        values["worst"].wrong(
            "worst is the value that scores 0: it must lie beyond the target, and it needs a single bound"
        )


def _spec_corners(node: LocatedNode | None, known: Sequence[str]) -> tuple[str, ...]:
    """The corners in which a spec counts; () for all."""
    names = tuple(child.text("a corner") for child in node.items("the corners of a spec")) if node else ()
    for name in names:
        if name not in known and node is not None:
            node.wrong(f"no corner {name!r}", f"there are: {', '.join(known)}")
    return names


def _spec_unit(node: LocatedNode | None, unit: str, wanted: str) -> str:
    """The unit of a spec's numbers, of the metric's kind; reports another one and returns the metric's."""
    try:
        found = read_unit(unit)
        if found.base != read_unit(wanted).base:
            raise QuantityError(f"unit {unit!r} where {wanted or 'a plain number'!r} is expected")
    except QuantityError as error:
        if node is not None:
            node.wrong(str(error), f"the metric is in {wanted or 'plain numbers'}")
        return wanted
    return found.name


def _testbench_of(
    entry: LocatedNode,
    values: Mapping[str, LocatedNode],
    metric: str,
    testbenches: Mapping[str, Testbench],
    known: Mapping[str, LocatedNode],
) -> str:
    if metric in METRICS and METRICS[metric].measure is None:
        return ""
    able = [name for name, bench in testbenches.items() if metric in bench.sources]
    if "testbench" in values:
        name = values["testbench"].text("testbench")
        if name not in known:
            values["testbench"].wrong(f"no testbench {name!r}", f"there are: {', '.join(known) or 'none'}")
        elif name in testbenches and name not in able:
            values["testbench"].wrong(
                f"testbench {name!r} does not measure {metric}", f"it measures: {', '.join(testbenches[name].sources)}"
            )
        return name
    if len(able) != 1 and testbenches:
        entry.wrong(
            f"which testbench measures {metric}?",
            f"write testbench: {' or '.join(able)}" if able else f"add a testbench whose template measures {metric}",
        )
    return able[0] if able else ""
