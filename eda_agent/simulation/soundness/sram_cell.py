"""The check of an SRAM cell: it holds the state that it was left in, with its word line low; a read keeps a state and a
write changes it.
"""

from __future__ import annotations

from collections.abc import Iterator

from eda_agent.metrics import measure
from eda_agent.metrics.measurable import Unmeasurable
from eda_agent.metrics.sram_cell import state
from eda_agent.simulation.soundness.observation import Observation
from eda_agent.simulation.soundness.symptom import Symptom
from eda_agent.units import format_quantity


def check(seen: Observation) -> Iterator[Symptom]:
    """A symptom if the storage nets differ by less than half of the supply at the end of the sweep, if a read destroys
    a state, or a write leaves one.
    """
    wave = seen.wave("dc", "q", "qb") if seen.template.startswith("sram_") else None
    if wave is None:
        return
    if seen.template != "sram_hold":
        for name, kind in (("read_current", "is lost"), ("read_snm", "is lost"), ("write_snm", "is not written")):
            found = measure(name, wave, seen.settings) if name in seen.able else None
            if found is not None and found.value is None and found.why.startswith("the cell"):
                look = "the sizes of the access devices against those of the inverters"
                yield Symptom(kind, seen.testbench, seen.corner, found.why, look, mild=True)
                return
        return
    try:
        apart = abs(state(wave, seen.settings))
    except Unmeasurable:
        return
    if apart < seen.vdd / 2:
        did = f"the cell holds no state: its storage nets differ by {format_quantity(apart, 'V', 2)}"
        look = "which nets store the bit (q and qb under ports), and the supply"
        yield Symptom("does not hold", seen.testbench, seen.corner, did, look)
