"""Operational amplifiers from blocks: input stage, load, second and third stage, compensation, buffer, bias.

Blocks are written for an NMOS pair; a turned sheet makes the PMOS version. A stage returns its output net and the
internal node
with the same signal earlier (`inner`), to which cascode compensation can connect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eda_agent.train.topologies.sheet import Sheet


@dataclass(frozen=True)
class Stage:
    """`out`: its output. `inner`: the source of the cascode in front of it, "" without one. `level`: its bias voltage,
    "hi" for a
    threshold below that rail, "mid" for any.
    """

    out: str
    inner: str = ""
    level: str = "hi"


class Bias:
    """Bias lines, each created on first use, from the reference current at `ib`."""

    def __init__(self, sheet: Sheet):
        self.sheet = sheet
        self.made: set[str] = set()
        sheet.fet("own", "ib", "ib", sheet.lo, "b", width=2, length=1)

    def own(self, drain: str, ratio: str = "") -> None:
        """A current source of the own type, a copy of the reference."""
        self.sheet.fet("own", drain, "ib", self.sheet.lo, "b", width=2, length=1, m=ratio)

    def other(self, drain: str, ratio: str = "") -> None:
        self._line("pb")
        self.sheet.fet("other", drain, "pb", self.sheet.hi, "p", width=2, length=1, m=ratio)

    def _line(self, name: str) -> None:
        if name in self.made:
            return
        self.made.add(name)
        sheet = self.sheet
        if name == "pb":
            self.own("pb")
            sheet.fet("other", "pb", "pb", sheet.hi, "p", width=2, length=1)
        elif name == "pc":
            self.own("pc")
            sheet.fet("other", "pc", "pc", sheet.hi, "pc", width=0.6, length=2)
        else:
            self.other("nc")
            sheet.fet("own", "nc", "nc", sheet.lo, "nc", width=0.6, length=2)

    def other_cascode(self) -> str:
        self._line("pc")
        return "pc"

    def own_cascode(self) -> str:
        self._line("nc")
        return "nc"


def pair(sheet: Sheet, bias: Bias, one: str, two: str, positive: str, negative: str) -> None:
    """The input pair with its tail: `one` is the drain of the positive input's device."""
    degenerate = sheet.draw.random() < 0.12
    left, right = ("s1", "s2") if degenerate else ("tail", "tail")
    sheet.fet("own", one, positive, left, "i", width=5, length=0.5)
    sheet.fet("own", two, negative, right, "i", width=5, length=0.5)
    if degenerate:
        sheet.resistor("s1", "tail", "Rs", 2e3)
        sheet.resistor("s2", "tail", "Rs", 2e3)
    bias.own("tail", sheet.ratio("mt", 4, 20))


def mirror(sheet: Sheet, bias: Bias, type: str, diode: str, out: str) -> None:
    """A mirror to the type's rail: plain, wide-swing, or stacked diodes where the supply allows."""
    rail = sheet.hi if type == "other" else sheet.lo
    kind = sheet.draw.choice(("plain", "plain", "wide", *(("stacked",) if sheet.tall else ())))
    group = "l" if type == "other" else "nm"
    if kind == "plain":
        sheet.fet(type, diode, diode, rail, group, width=4, length=0.5)
        sheet.fet(type, out, diode, rail, group, width=4, length=0.5)
        return
    gate = diode if kind == "wide" else f"{group}1"
    line = diode if kind == "stacked" else bias.other_cascode() if type == "other" else bias.own_cascode()
    sheet.fet(type, f"{group}1", gate, rail, group, width=4, length=0.5)
    sheet.fet(type, f"{group}2", gate, rail, group, width=4, length=0.5)
    sheet.fet(type, diode, line, f"{group}1", f"{group}c", width=5, length=0.3)
    sheet.fet(type, out, line, f"{group}2", f"{group}c", width=5, length=0.3)


def simple(sheet: Sheet, bias: Bias, positive: str, negative: str, out: str) -> Stage:
    pair(sheet, bias, "a", out, positive, negative)
    mirror(sheet, bias, "other", "a", out)
    return Stage(out)


def telescopic(sheet: Sheet, bias: Bias, positive: str, negative: str, out: str) -> Stage:
    pair(sheet, bias, "x1", "x2", positive, negative)
    line = bias.own_cascode() if sheet.draw.random() < 0.3 else "ncx"
    if line == "ncx":
        # a diode on the tail lets the cascodes' gates follow the common mode
        bias.other("ncx")
        sheet.fet("own", "ncx", "ncx", "tail", "nx", width=0.6, length=2)
    sheet.fet("own", "a", line, "x1", "c", width=5, length=0.3)
    sheet.fet("own", out, line, "x2", "c", width=5, length=0.3)
    mirror(sheet, bias, "other", "a", out)
    return Stage(out, "x2")


def folded(sheet: Sheet, bias: Bias, positive: str, negative: str, out: str) -> Stage:
    pair(sheet, bias, "f1", "f2", positive, negative)
    ratio = sheet.ratio("mp", 5, 20)
    bias.other("f1", ratio)
    bias.other("f2", ratio)
    line = bias.other_cascode()
    sheet.fet("other", "a", line, "f1", "fc", width=5, length=0.3)
    sheet.fet("other", out, line, "f2", "fc", width=5, length=0.3)
    mirror(sheet, bias, "own", "a", out)
    return Stage(out, "f2", "mid")


def mirrored(sheet: Sheet, bias: Bias, positive: str, negative: str, out: str) -> Stage:
    """A current-mirror OTA, sometimes with partial positive feedback across its diodes or with cascodes at the
    output.
    """
    pair(sheet, bias, "b", "a", positive, negative)
    ratio = sheet.ratio("K", 2, 8)
    cascoded = sheet.draw.random() < 0.35
    for net in ("a", "b"):
        sheet.fet("other", net, net, sheet.hi, "l", width=3, length=0.5)
    if sheet.draw.random() < 0.25:
        sheet.fet("other", "a", "b", sheet.hi, "x", width=1, length=0.5)
        sheet.fet("other", "b", "a", sheet.hi, "x", width=1, length=0.5)
    sheet.fet("other", "c", "a", sheet.hi, "l", width=3, length=0.5, m=ratio)
    sheet.fet("other", "d" if cascoded else out, "b", sheet.hi, "l", width=3, length=0.5, m=ratio)
    if cascoded:
        sheet.fet("other", out, bias.other_cascode(), "d", "oc", width=5, length=0.3)
    if cascoded:
        mirror(sheet, bias, "own", "c", out)
    else:
        sheet.fet("own", "c", "c", sheet.lo, "nm", width=3, length=0.5)
        sheet.fet("own", out, "c", sheet.lo, "nm", width=3, length=0.5)
    return Stage(out, "d" if cascoded else "", "mid")


STAGES: dict[str, Callable[[Sheet, Bias, str, str, str], Stage]] = {
    "simple": simple, "telescopic": telescopic, "folded": folded, "mirrored": mirrored,
}  # fmt: skip


def common_source(sheet: Sheet, bias: Bias, gate: str, out: str) -> None:
    """An inverting stage of the other type with a current source below it."""
    sheet.fet(
        "other",
        out,
        gate,
        sheet.hi,
        "g",
        width=6,
        length=0.3,
        m=sheet.ratio("mg", 4, 20) if sheet.draw.random() < 0.5 else "4",
    )
    bias.own(out, sheet.ratio("mo", 8, 40))


def compensation(sheet: Sheet, stage: Stage, out: str) -> None:
    """Miller, with or without a nulling resistor, or to the cascode inside the first stage."""
    kind = sheet.draw.choice(("nulled", "nulled", "plain", "inner"))
    if kind == "inner" and stage.inner:
        sheet.capacitor(stage.inner, out, "Cc", 1e-12)
    elif kind == "plain":
        sheet.capacitor(stage.out, out, "Cc", 2e-12)
    else:
        sheet.resistor(stage.out, "z", "Rz", 2e3)
        sheet.capacitor("z", out, "Cc", 1e-12)


def three_stages(sheet: Sheet, bias: Bias, first: str, out: str) -> None:
    """A non-inverting second stage and an inverting third; nested capacitors with resistors in one or both of them."""
    sheet.fet("other", "s1", first, sheet.hi, "g", width=4, length=0.4)
    sheet.fet("own", "s1", "s1", sheet.lo, "n2", width=2, length=0.5)
    sheet.fet("own", "s2", "s1", sheet.lo, "n2", width=2, length=0.5, m=sheet.ratio("m2", 2, 8))
    bias.other("s2", sheet.ratio("m3", 2, 10))
    # the third stage is of the other type again: its input is a threshold below its rail
    sheet.fet("other", out, "s2", sheet.hi, "o", width=8, length=0.3, m=sheet.ratio("mg", 6, 20))
    bias.own(out, sheet.ratio("mo", 10, 40))
    sheet.resistor(first, "z", "Rz", 2e3)
    sheet.capacitor("z", out, "Cm", 3e-12)
    if sheet.draw.random() < 0.6:
        sheet.capacitor("s2", out, "Ci", 1e-12)


def follower(sheet: Sheet, bias: Bias, gate: str, out: str) -> None:
    sheet.fet("own", sheet.hi, gate, out, "f", width=10, length=0.3)
    bias.own(out, sheet.ratio("mf", 6, 30))


def amplifier(sheet: Sheet) -> str:
    """Draw an op-amp with ports inp inn out vdd vss ib; returns the list of its blocks in words."""
    draw = sheet.draw
    bias = Bias(sheet)
    shape = draw.choice(("one", "one", "two", "two", "three") if sheet.tall else ("one", "one", "two", "two"))
    # a stack of five needs the higher supply
    names = [name for name in STAGES if name != "telescopic" or sheet.tall]
    name = "simple" if shape == "three" else draw.choice(names)
    buffered = shape != "three" and sheet.tall and draw.random() < 0.2
    last = "q" if buffered else "out"
    first = last if shape == "one" else "v"
    inverted = shape != "one"
    positive, negative = ("inn", "inp") if inverted else ("inp", "inn")
    stage = STAGES[name](sheet, bias, positive, negative, first)
    if shape == "two":
        common_source(sheet, bias, first, last)
        compensation(sheet, stage, last)
    elif shape == "three":
        three_stages(sheet, bias, first, "out")
    if buffered:
        follower(sheet, bias, last, "out")
    return f"{shape}-stage op-amp, {name} input stage{', follower' if buffered else ''}"
