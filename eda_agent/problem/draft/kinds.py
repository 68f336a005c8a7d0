"""A kind of circuit has a name, the roles of its ports beside the rails, and its testbenches."""

from __future__ import annotations

from dataclasses import dataclass

from eda_agent.problem.draft import benches
from eda_agent.problem.draft.benches import Bench


@dataclass(frozen=True)
class Kind:
    """`roles`: those that a port must have. `benches`: its testbenches. `words`: other names of the kind.

    `optional`: roles that a port may have. `inner`: roles of nets inside the circuit.
    """

    roles: tuple[str, ...]
    benches: tuple[Bench, ...]
    words: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()


CONVERTER, FILTER = "digital-to-analog converter", "filter"
KINDS = {
    "op-amp": Kind(("inp", "inn", "out"), benches.OPAMP, ("opamp", "amplifier", "ota", "error-amplifier")),
    "fully differential amplifier": Kind(
        ("inp", "inn", "outp", "outn"),
        benches.DIFFERENTIAL,
        ("fully-differential", "differential-amplifier", "fd-amplifier", "differential-ota"),
        ("vocm", "control"),
    ),
    "comparator": Kind(
        ("inp", "inn", "outp", "outn", "clk"),
        benches.COMPARATOR,
        ("clocked-comparator", "latch", "double-tail"),
        ("clkb",),
    ),
    "comparator with one output": Kind(
        ("inp", "inn", "out", "clk"), benches.SINGLE_COMPARATOR, ("single-comparator",), ("clkb",)
    ),
    "comparator without clock": Kind(
        ("inp", "inn", "out"), benches.OPEN_COMPARATOR, ("open-comparator", "continuous-comparator")
    ),
    "regulator": Kind(("vref", "fb", "out"), benches.REGULATOR, ("ldo", "voltage-regulator")),
    "regulator with its divider": Kind(("out",), benches.OWN_DIVIDER, ("ldo-with-divider", "fixed-regulator")),
    "transimpedance amplifier": Kind(("in", "out"), benches.TIA, ("tia", "transimpedance")),
    "oscillator": Kind(("out",), benches.OSCILLATOR, ("ring-oscillator", "osc")),
    "voltage-controlled oscillator": Kind(("out", "vctrl"), benches.VCO, ("vco",)),
    "reference": Kind(("out",), benches.REFERENCE, ("bandgap", "voltage-reference", "bgr")),
    "current reference": Kind(("out",), benches.CURRENT_REFERENCE, ("current-reference", "bias", "bias-generator")),
    "buffer": Kind(("in", "out"), benches.BUFFER, ("follower", "source-follower", "voltage-buffer")),
    "gate": Kind(("in", "out"), benches.GATE, ("inverter", "logic", "logic-gate", "driver", "digital-buffer")),
    "level shifter": Kind(("in", "out", "vddl"), benches.LEVEL_SHIFTER, ("level-shifter", "level-converter")),
    "Schmitt trigger": Kind(("in", "out"), benches.SCHMITT, ("schmitt", "schmitt-buffer", "schmitt-inverter")),
    "charge pump": Kind(("out", "clk"), benches.CHARGE_PUMP, ("charge-pump", "pump", "voltage-multiplier"), ("clkb",)),
    FILTER: Kind(("in", "out"), benches.FILTER, ("ota-c-filter", "gm-c-filter", "biquad", "low-pass")),
    "low-noise amplifier": Kind(("in", "out"), benches.LOW_NOISE, ("lna", "rf-amplifier")),
    CONVERTER: Kind(
        ("out", "b0", "b1"),
        benches.CONVERTER,
        ("dac", "d/a-converter", "r-2r", "current-steering-dac"),
        ("b2", "b3", "b4", "b5", "b6", "b7", *(f"nb{place}" for place in range(8)), "outb"),
    ),
    "SRAM cell": Kind(("bl", "blb", "wl"), benches.SRAM, ("sram", "sram-cell", "memory-cell", "6t"), inner=("q", "qb")),
    "power-on reset": Kind(
        ("out",), benches.POWER_ON_RESET, ("power-on-reset", "por", "reset", "brown-out-detector", "supply-monitor")
    ),
    "switch": Kind(("in", "out", "en"), benches.SWITCH, ("transmission-gate", "analog-switch", "pass-gate"), ("enb",)),
    "sample and hold": Kind(
        ("in", "out", "clk"),
        benches.SAMPLE_HOLD,
        ("sample-and-hold", "track-and-hold", "bootstrapped-switch"),
        ("clkb",),
    ),
}
"""Every kind that a draft can be of, by its name."""
CHOICES = tuple(kind.words[0] if " " in name else name for name, kind in KINDS.items())
"""The names that a user is offered: one word for each kind."""


STATIC = frozenset(
    {
        "gate",
        "level shifter",
        "Schmitt trigger",
        "switch",
        "power-on reset",
        "SRAM cell",
        CONVERTER,
        "sample and hold",
    }
)
"""Kinds that switch between the rails: no device of theirs is meant to be saturated."""


OSCILLATORS = frozenset({"oscillator", "voltage-controlled oscillator"})


def kind_named(text: str) -> str:
    """The name of a kind, however it is written (`ldo`, `Op-Amp`, `current_reference`); "" for an unknown one."""
    wanted = _plain(text)
    return next((name for name, kind in KINDS.items() if wanted in {_plain(word) for word in (name, *kind.words)}), "")


def _plain(text: str) -> str:
    return text.lower().replace("-", "").replace("_", "").replace(" ", "")
