"""A problem is a validated spec.yaml: circuit, design space, testbenches, specs, corners, budget. It is frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from eda_agent.errors import Finding
from eda_agent.metrics import Metric
from eda_agent.problem.extracted.wires import Wires
from eda_agent.problem.layout import Layout
from eda_agent.problem.netlist import Netlist
from eda_agent.problem.own_script import OwnScript
from eda_agent.problem.pdk import Pdk
from eda_agent.problem.script import Program
from eda_agent.problem.space import DesignSpace

ROUNDING = 1e-12
"""Share of a bound that the rounding of sums may exceed it by: an area of 69 um² meets ≤ 69 um²."""


@dataclass(frozen=True)
class Spec:
    """A bound on one metric, in SI units (dB, deg and % unchanged).

    Attributes:
        worst: the value that scores 0; None for the metric's.
        corners: those in which it counts, () for all.
        unit: the user's unit for input and output; "" for the metric's.
        asked: the user's minimum and maximum, if the bounds here are tightened for yield (`eda_agent.robust`).
        devices: the MOSFETs whose worst counts, of a metric of `problem.bias`; () for others.
    """

    name: str
    metric: Metric
    testbench: str
    minimum: float | None
    maximum: float | None
    weight: float = 1.0
    worst: float | None = None
    objective: Literal["minimize", "maximize"] | None = None
    corners: tuple[str, ...] = ()
    unit: str = ""
    asked: tuple[float | None, float | None] | None = None
    devices: tuple[str, ...] = ()

    @property
    def shown_unit(self) -> str:
        return self.unit or self.metric.unit

    def counts_in(self, corner: str) -> bool:
        return not self.corners or corner in self.corners

    @property
    def target(self) -> float:
        """The bound to show; the lower end of a range."""
        return self.minimum if self.minimum is not None else self.maximum  # type: ignore[return-value]  # one is set: checked on loading

    @property
    def sense(self) -> str:
        return "≥" if self.maximum is None else "≤" if self.minimum is None else "in"

    def met(self, value: float | None, bound: str = "") -> bool:
        """Whether a value meets the spec. A censored one (`bound` ">": the true value lies above it, "<": below) must
        be proved by its bound.
        """
        if value is None or value != value:
            return False
        return (self.minimum is None or (value >= self.minimum - ROUNDING * abs(self.minimum) and bound != "<")) and (
            self.maximum is None or (value <= self.maximum + ROUNDING * abs(self.maximum) and bound != ">")
        )


def as_asked(specs: tuple[Spec, ...]) -> tuple[Spec, ...]:
    """The specs with the user's bounds instead of the tightened ones."""
    return tuple(
        replace(spec, minimum=spec.asked[0], maximum=spec.asked[1], asked=None) if spec.asked is not None else spec
        for spec in specs
    )


@dataclass(frozen=True)
class Corner:
    """Process × supply (V) × temperature (°C), and testbench settings that differ here, such as the load."""

    name: str
    process: str
    vdd: float
    temperature: float
    settings: Mapping[str, float]


@dataclass(frozen=True)
class Analysis:
    """`command` is ngspice's command with expressions in braces, such as `ac dec 20 1 {f_stop}`."""

    kind: str
    command: str


@dataclass(frozen=True)
class Testbench:
    """A deck around the device under test.

    Attributes:
        deck: its cards, with expressions in braces over settings, `vdd` and `temperature`.
        nets: port → net.
        settings: name → expression, evaluated per corner.
        probes: role → node, or name of a voltage source for the roles "supply" and "current".
        sources: metric → analysis kind.
        measures: metric of the user's own → method (see `load_measures`).
        grows: setting → factors by which it is multiplied, step by step, if a value lies beyond the end of the window
            (see
            `simulation.window`).
        program: what a designer's deck does and measures by itself; None for other testbenches.
        instance: name of the circuit's first instance.
        script: a program of the designer's that computes further results.
    """

    name: str
    template: str
    deck: str
    nets: Mapping[str, str]
    settings: Mapping[str, str]
    analyses: tuple[Analysis, ...]
    probes: Mapping[str, str]
    sources: Mapping[str, str]
    measures: Mapping[str, str] = field(default_factory=dict)
    grows: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    program: Program | None = field(default=None, repr=False)
    instance: str = field(default="xdut", repr=False)
    script: OwnScript | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Budget:
    """The limits of a run.

    Attributes:
        simulations: number of proposals; the baseline does not count.
        timeout: seconds per testbench and corner.
        patience: turns without a better score after which a run stops; None for never.
        until: "met" stops at the first sizing that meets every spec, "spent" uses the whole budget to improve the
            objectives.
    """

    simulations: int = 100
    timeout: float = 30.0
    patience: int | None = None
    until: Literal["met", "spent"] = "met"


@dataclass(frozen=True)
class Problem:
    """`notes`: what the files say that is not used, and what stands in its place. `layout`: the layout that is
    simulated, None for the netlist as it is. `wires`: capacitances between nets that are simulated with it.
    """

    name: str
    path: Path
    text: str
    netlist: Netlist
    subckt: str
    pdk: Pdk
    space: DesignSpace
    groups: tuple[tuple[str, ...], ...]
    testbenches: Mapping[str, Testbench]
    specs: tuple[Spec, ...]
    corners: tuple[Corner, ...]
    budget: Budget
    notes: tuple[Finding, ...] = ()
    layout: Layout | None = None
    wires: Wires | None = None

    @cached_property
    def spec_names(self) -> tuple[str, ...]:
        return tuple(spec.name for spec in self.specs)
