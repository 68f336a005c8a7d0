"""The regulator's check: its output under load is near the value set by its divider."""

from __future__ import annotations

from collections.abc import Iterator

from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom
from eda_agent.units import format_quantity

OFF_BY = 0.2
"""Share of the set voltage: a loop gain T leaves an error of 1/(1+T), so 20 % is a loop gain of 4 (12 dB), which does
not regulate.
"""


def check(seen: Observation) -> Iterator[Symptom]:
    settings = seen.settings
    if not {"vref", "r_top", "r_bottom"} <= settings.keys() or not seen.template.startswith("ldo"):
        return
    asked = settings["vref"] * (1 + settings["r_top"] / settings["r_bottom"])
    # the loop's testbench probes the divider's tap
    level = seen.level if seen.template != "ldo_loop" else None
    if seen.template == "ldo_load" and (wave := seen.wave("dc", "out")) is not None:
        level = float(wave.real("out")[-1])
    if seen.template == "ldo_line" or level is None:
        return
    if abs(level - asked) > OFF_BY * asked:
        did = (
            f"it does not regulate: out stands at {format_quantity(level, 'V', 3)} for {format_quantity(asked, 'V', 3)}"
        )
        yield Symptom(
            "does not regulate",
            seen.testbench,
            seen.corner,
            did,
            "the bias, vref with the divider (r_top, r_bottom), and load_current",
        )
