"""Regulators, transimpedance amplifiers, comparators and oscillators from blocks."""

from __future__ import annotations

from eda_agent.train.topologies.amplifiers import Bias, mirror, pair
from eda_agent.train.topologies.sheet import Sheet


def regulator(sheet: Sheet) -> str:
    """A linear regulator with ports vdd vss vref fb out ib: an NMOS pair drives a PMOS pass device, some through a
    follower.
    """
    draw = sheet.draw
    bias = Bias(sheet)
    followed = draw.random() < 0.3
    gate = "e" if followed else "g"
    pair(sheet, bias, "a", gate, "fb", "vref")
    mirror(sheet, bias, "other", "a", gate)
    if followed:
        # a source follower of the pass device's type: its gate voltage is near the lower rail
        sheet.fet("own", sheet.hi, gate, "g", "f", width=5, length=0.3)
        bias.own("g", sheet.ratio("mf", 4, 20))
    sheet.fet(
        "other",
        "out",
        "g",
        sheet.hi,
        "o",
        width=10,
        length=max(sheet.technology.length, 0.2),
        m=sheet.ratio("mp", 20, 100),
    )
    kind = draw.choice(("nulled", "plain", "none"))
    if kind == "nulled":
        sheet.resistor(gate, "z", "Rz", 2e3)
        sheet.capacitor("z", "out", "Cc", 2e-12)
    elif kind == "plain":
        sheet.capacitor(gate, "out", "Cc", 2e-12)
    return f"linear regulator{', follower' if followed else ''}, compensation {kind}"


def inverter(sheet: Sheet, source: str, out: str, group: str, size: float = 4.0) -> None:
    length = sheet.technology.length
    sheet.fet("own", out, source, sheet.lo, f"{group}n", width=size, length=length)
    sheet.fet("other", out, source, sheet.hi, f"{group}p", width=size, length=length)


def transimpedance(sheet: Sheet) -> str:
    """A shunt-feedback amplifier with ports in out vdd vss."""
    length = sheet.technology.length
    kind = sheet.draw.choice(("inverter", "three inverters", "loaded inverters", "source follower"))
    if kind == "inverter":
        inverter(sheet, "in", "out", "a", 8)
    elif kind == "three inverters":
        # diodes on the first two keep the loop's poles far apart
        for number, (one, two) in enumerate((("in", "x"), ("x", "y"), ("y", "out"))):
            inverter(sheet, one, two, "abc"[number], 4)
            if number < 2:
                inverter(sheet, two, two, "de"[number], 2)
    elif kind == "loaded inverters":
        inverter(sheet, "in", "out", "a", 6)
        inverter(sheet, "out", "out", "d", 1)
    else:
        sheet.resistor(sheet.hi, "x", "Rd", 2e3)
        sheet.fet("own", "x", "in", sheet.lo, "a", width=10, length=length)
        sheet.fet("own", sheet.hi, "x", "out", "f", width=10, length=length)
        sheet.resistor("out", sheet.lo, "Rs", 2e3)
    sheet.resistor("in", "out", "Rf", 5e3)
    if sheet.draw.random() < 0.6:
        sheet.capacitor("in", "out", "Cf", 2e-15)
    return f"transimpedance amplifier, {kind}"


def comparator(sheet: Sheet) -> str:
    """A clocked comparator with ports inp inn outp outn clk vdd vss: a latch on its input pair, or a latch behind a
    dynamic first stage.
    """
    length = sheet.technology.length
    two = sheet.draw.random() < 0.5
    sheet.fet("own", "tail", "clk", sheet.lo, "t", width=6, length=length)
    sheet.fet("own", "xn", "inp", "tail", "i", width=6, length=length)
    sheet.fet("own", "xp", "inn", "tail", "i", width=6, length=length)
    for net in ("xn", "xp") if two or sheet.draw.random() < 0.5 else ():
        sheet.fet("other", net, "clk", sheet.hi, "q", width=2, length=length)
    if two:
        # the first stage falls, faster on one side, and releases the latch
        inverter(sheet, "xn", "yn", "b", 2)
        inverter(sheet, "xp", "yp", "b", 2)
        for one, other, driver in (("qn", "qp", "yn"), ("qp", "qn", "yp")):
            sheet.fet("other", one, other, sheet.hi, "lp", width=3, length=length)
            sheet.fet("own", one, other, f"s{one}", "ln", width=3, length=length)
            sheet.fet("own", f"s{one}", driver, sheet.lo, "d", width=4, length=length)
            sheet.fet("other", one, driver, sheet.hi, "r", width=2, length=length)
    else:
        for one, other, source in (("qn", "qp", "xn"), ("qp", "qn", "xp")):
            sheet.fet("own", one, other, source, "ln", width=3, length=length)
            sheet.fet("other", one, other, sheet.hi, "lp", width=3, length=length)
            sheet.fet("other", one, "clk", sheet.hi, "r", width=2, length=length)
    inverter(sheet, "qn", "outp", "o", 2)
    inverter(sheet, "qp", "outn", "o", 2)
    return f"clocked comparator, {'two stages' if two else 'one stage'}"


def oscillator(sheet: Sheet) -> str:
    """A current-starved ring with ports out vctrl vdd vss."""
    length = sheet.technology.length
    stages = sheet.draw.choice((3, 5, 7))
    both = sheet.draw.random() < 0.6
    sheet.fet("own", "pb", "vctrl", "vss", "sn", width=2, length=0.3)
    if both:
        sheet.fet("other", "pb", "pb", "vdd", "sp", width=2, length=0.3)
    for number in range(stages):
        one, two = f"n{number}", f"n{(number + 1) % stages}"
        high = f"h{number}" if both else "vdd"
        if both:
            sheet.fet("other", high, "pb", "vdd", "sp", width=2, length=0.3)
        sheet.fet("other", two, one, high, "pv", width=1, length=length)
        sheet.fet("own", two, one, f"l{number}", "nv", width=1, length=length)
        sheet.fet("own", f"l{number}", "vctrl", "vss", "sn", width=2, length=0.3)
    if not both:
        # its gate line is not used: a diode would only draw current
        sheet.devices.pop(0)
    inverter(sheet, "n0", "out", "o", 1)
    return f"ring oscillator, {stages} stages, starved on {'both sides' if both else 'one side'}"
