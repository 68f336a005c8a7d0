"""Buffers, gates, Schmitt triggers, level shifters, open comparators and regulators with their own divider from blocks:
kinds that mutations start from besides the composer's circuits.
"""

from __future__ import annotations

from eda_agent.train.topologies.amplifiers import STAGES, Bias, common_source
from eda_agent.train.topologies.others import inverter, regulator
from eda_agent.train.topologies.sheet import Sheet


def buffer(sheet: Sheet) -> str:
    """A voltage buffer with ports in out vdd vss ib: source followers, plain or with feedback around them."""
    bias = Bias(sheet)
    kind = sheet.draw.choice(("follower", "flipped", "two followers", "push-pull"))
    if kind == "follower":
        sheet.fet("own", sheet.hi, "in", "out", "f", width=10, length=0.3)
        bias.own("out", sheet.ratio("mf", 6, 30))
    elif kind == "flipped":
        # the device above the follower keeps the follower's current constant
        sheet.fet("own", "x", "in", "out", "f", width=10, length=0.3)
        bias.other("x", sheet.ratio("mx", 2, 10))
        sheet.fet("own", "out", "x", sheet.lo, "g", width=5, length=0.3)
    elif kind == "two followers":
        # the second, of the other type, takes back the level shift of the first
        sheet.fet("own", sheet.hi, "in", "y", "f", width=6, length=0.3)
        bias.own("y", sheet.ratio("mf", 2, 10))
        sheet.fet("other", sheet.lo, "y", "out", "e", width=10, length=0.3)
        bias.other("out", sheet.ratio("me", 6, 30))
    else:
        sheet.fet("own", sheet.hi, "in", "y", "f", width=6, length=0.3)
        bias.own("y", sheet.ratio("mf", 2, 10))
        sheet.fet("other", sheet.lo, "in", "z", "e", width=6, length=0.3)
        bias.other("z", sheet.ratio("me", 2, 10))
        sheet.fet("own", sheet.hi, "z", "out", "of", width=10, length=0.3)
        sheet.fet("other", sheet.lo, "y", "out", "oe", width=10, length=0.3)
    return f"voltage buffer, {kind}"


def gate(sheet: Sheet) -> str:
    """A chain of inverters with ports in out vdd vss: of one size, tapered, or starved as a delay line."""
    stages = sheet.draw.randint(1, 6)
    kind = sheet.draw.choice(("one size", "tapered", "delay line"))
    if kind == "delay line":
        sheet.resistor(sheet.hi, "b", "Rb", 1e5)
        sheet.fet("own", "b", "b", sheet.lo, "s", width=2, length=0.5)
    for number in range(stages):
        one, two = f"n{number}" if number else "in", f"n{number + 1}" if number + 1 < stages else "out"
        group = "" if kind == "one size" else str(number)
        foot = f"l{number}" if kind == "delay line" else sheet.lo
        length = sheet.technology.length
        size = 2.0 * (2**number if kind == "tapered" else 1)
        sheet.fet("own", two, one, foot, f"gn{group}", width=size, length=length)
        sheet.fet("other", two, one, sheet.hi, f"gp{group}", width=size, length=length)
        if kind == "delay line":
            sheet.fet("own", foot, "b", sheet.lo, "s", width=2, length=0.5, m=sheet.ratio("ms", 4, 12))
    return f"gate, {stages} inverters, {kind}"


def schmitt(sheet: Sheet) -> str:
    """A Schmitt trigger with ports in out vdd vss: stacks with feedback, or an inverter against a latch."""
    length = sheet.technology.length
    kind = sheet.draw.choice(("both stacks", "one stack", "latch"))
    buffered = sheet.draw.random() < 0.4
    last = "q" if buffered else "out"
    if kind == "latch":
        inverter(sheet, "in", "a", "i", 4)
        inverter(sheet, "a", last, "o", 3)
        inverter(sheet, last, "a", "k", 1)
    else:
        sheet.fet("own", "x", "in", sheet.lo, "na", width=2, length=length)
        sheet.fet("own", last, "in", "x", "nb", width=2, length=length)
        sheet.fet("own", sheet.hi, last, "x", "nf", width=2, length=length)
        if kind == "both stacks":
            sheet.fet("other", "y", "in", sheet.hi, "pa", width=2, length=length)
            sheet.fet("other", last, "in", "y", "pb", width=2, length=length)
            sheet.fet("other", sheet.lo, last, "y", "pf", width=2, length=length)
        else:
            sheet.fet("other", last, "in", sheet.hi, "pa", width=2, length=length)
    if buffered:
        inverter(sheet, last, "out", "w", 3)
    return f"Schmitt trigger, {kind}{', buffered' if buffered else ''}"


def level_shifter(sheet: Sheet) -> str:
    """A level shifter with ports in out vdd vddl vss: crossed PMOS above an input pair, or a mirror with feedback."""
    length = sheet.technology.length
    # the inverter of the input's side runs on its supply
    sheet.fet("own", "nb", "in", "vss", "in", width=2, length=length)
    sheet.fet("other", "nb", "in", "vddl", "ip", width=2, length=length)
    kind = sheet.draw.choice(("crossed", "limited", "mirror"))
    sheet.fet("own", "a", "in", "vss", "d", width=6, length=length)
    sheet.fet("own", "b", "nb", "vss", "d", width=6, length=length)
    if kind == "crossed":
        sheet.fet("other", "a", "b", "vdd", "x", width=0.6, length=2 * length)
        sheet.fet("other", "b", "a", "vdd", "x", width=0.6, length=2 * length)
    elif kind == "limited":
        # a device in series, switched by the input, weakens the crossed pair while it turns over
        for net, other, drive in (("a", "b", "in"), ("b", "a", "nb")):
            sheet.fet("other", net, drive, f"s{net}", "y", width=1, length=length)
            sheet.fet("other", f"s{net}", other, "vdd", "x", width=0.8, length=2 * length)
    else:
        # the output cuts the mirror's current off once it is high
        sheet.fet("other", "m", "m", "vdd", "x", width=1, length=2 * length)
        sheet.fet("other", "b", "m", "vdd", "x", width=1, length=2 * length)
        sheet.fet("other", "a", "b", "m", "y", width=1, length=length)
    inverter(sheet, "b", "out", "o", 3)
    return f"level shifter, {kind}"


def open_comparator(sheet: Sheet) -> str:
    """A comparator without clock, ports inp inn out vdd vss ib: an amplifier without compensation, then inverters."""
    draw = sheet.draw
    bias = Bias(sheet)
    name = draw.choice([name for name in STAGES if name != "telescopic" or sheet.tall])
    stages = draw.choice((0, 1, 1, 2))
    second = draw.random() < 0.6
    # an even number of inversions behind the first stage leaves its sign
    turns = stages + second
    positive, negative = ("inn", "inp") if turns % 2 else ("inp", "inn")
    nets = ["v", *[f"y{number}" for number in range(turns - 1)], "out"][-turns - 1 :] if turns else ["out"]
    STAGES[name](sheet, bias, positive, negative, nets[0])
    if second:
        common_source(sheet, bias, nets[0], nets[1])
    for number in range(stages):
        inverter(sheet, nets[second + number], nets[second + number + 1], f"o{number}", 3)
    return (
        f"comparator without clock, {name} input stage, {'two stages' if second else 'one stage'}, {stages} inverters"
    )


def own_divider(sheet: Sheet) -> str:
    """A regulator with its divider inside, with ports vdd vss vref out ib."""
    made = regulator(sheet)
    sheet.resistor("out", "fb", "Ra", 1e5)
    sheet.resistor("fb", sheet.lo, "Rb", 2e5)
    return f"{made}, own divider"


SWITCHING = {
    "buffer": buffer,
    "gate": gate,
    "Schmitt trigger": schmitt,
    "level shifter": level_shifter,
    "open comparator": open_comparator,
    "own divider": own_divider,
}
