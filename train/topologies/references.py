"""Voltage and current references and free-running rings from blocks: the kinds that mutations start from besides the
composer's
circuits.
"""

from __future__ import annotations

from eda_agent.train.topologies.others import inverter
from eda_agent.train.topologies.sheet import Sheet


def core(sheet: Sheet, simple: float = 0.0) -> str:
    """A current and the PMOS line at `p` that copies it, in words: a beta multiplier with a start-up resistor, or with
    probability
    `simple` a resistor into a diode, whose current follows the supply.
    """
    if sheet.draw.random() >= simple:
        sheet.fet("own", "n", "n", sheet.lo, "nn", width=4, length=1)
        sheet.fet("own", "p", "n", "r", "nn", width=4, length=1, m=sheet.ratio("K", 4, 12))
        sheet.resistor("r", sheet.lo, "R1", 2e4)
        for net in ("n", "p"):
            sheet.fet("other", net, "p", sheet.hi, "pp", width=4, length=1)
        # without it, zero current is a solution too
        sheet.resistor("p", "n", "Rs", 2e6)
        return "beta multiplier"
    sheet.fet("other", "p", "p", sheet.hi, "pp", width=4, length=1)
    sheet.resistor("p", sheet.lo, "R1", 2e5)
    return "resistor and diode"


def current_reference(sheet: Sheet) -> str:
    """A current out of `out`, ports out vdd vss."""
    made = core(sheet, 0.3)
    sheet.fet("other", "out", "p", sheet.hi, "pp", width=4, length=1, m=sheet.ratio("mo", 2, 10))
    return f"current reference, {made}"


def voltage_reference(sheet: Sheet) -> str:
    """A voltage at `out`, ports out vdd vss: the current into a diode, with a resistor or another diode on top of
    it.
    """
    made = core(sheet)
    sheet.fet("other", "out", "p", sheet.hi, "pp", width=4, length=1, m=sheet.ratio("mo", 1, 6))
    kind = sheet.draw.choice(("diode", "resistor", "two diodes") if sheet.tall else ("diode", "resistor"))
    net = "out" if kind == "diode" else "x"
    sheet.fet("own", net, net, sheet.lo, "d", width=10, length=1)
    if kind == "resistor":
        sheet.resistor("out", "x", "R2", 3e4)
    elif kind == "two diodes":
        sheet.fet("own", "out", "out", "x", "e", width=10, length=1)
    return f"voltage reference, {made}, {kind}"


def ring(sheet: Sheet) -> str:
    """A free-running ring with ports out vdd vss: inverters, longer than the minimum, some starved by a fixed
    current.
    """
    stages = sheet.draw.choice((3, 5, 7))
    starved = sheet.draw.random() < 0.4
    if starved:
        sheet.resistor(sheet.hi, "b", "Rb", 1e5)
        sheet.fet("own", "b", "b", sheet.lo, "s", width=2, length=0.5)
    for number in range(stages):
        one, two = f"n{number}", f"n{(number + 1) % stages}"
        foot = f"l{number}" if starved else sheet.lo
        sheet.fet("own", two, one, foot, "rn", width=1, length=0.4)
        sheet.fet("other", two, one, sheet.hi, "rp", width=1, length=0.4)
        if starved:
            sheet.fet("own", foot, "b", sheet.lo, "s", width=2, length=0.5, m=sheet.ratio("ms", 4, 12))
    inverter(sheet, "n0", "out", "o", 1)
    return f"ring oscillator, {stages} inverters{', starved' if starved else ''}"
