"""A schematic as SVG: the branches of a circuit side by side from supply to ground, with symbols, nets, roles, sizes.

It shows what the text drawing of the terminal shows (`insight.drawing`). A device that several branches share is drawn
in the first of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eda_agent.insight.drawing import Branch, Parts, device_name, outside, plain_net, short_role
from eda_agent.problem.structure.circuit import Fet
from eda_agent.record.svg_text import svg_text

COLUMN, STEP = 200, 76
"""Pixels: width of a branch, height of a device."""
BESIDE = 6
"""Branches between one pair of rails."""
_TOP, _CHANNEL, _PORT = 34, 74, 14
"""Pixels from a row's top to its rail, from a column's left to its channels, and from the rail to a port that supplies
a branch.
"""


def schematic(parts: Parts, title: str) -> str:
    """The schematic as an SVG element, "" for a circuit without branches."""
    if not parts.branches:
        return ""
    lines: list[str] = []
    drawn: set[str] = set()
    y = 0.0
    width = min(BESIDE, len(parts.branches)) * COLUMN
    for start in range(0, len(parts.branches), BESIDE):
        row = parts.branches[start : start + BESIDE]
        columns = []
        for branch in row:
            columns.append(_devices(branch, drawn))
            drawn |= {name for name, _ in branch.steps}
        bottom = y + _TOP + STEP * max(map(len, columns)) + _PORT + 4
        for number, (branch, devices) in enumerate(zip(row, columns, strict=True)):
            lines += _branch(parts, branch, devices, number * COLUMN + _CHANNEL, y + _TOP, bottom)
        lines += _rail(plain_net(parts.structure.vdd), y + _TOP, len(row) * COLUMN)
        lines += _rail(plain_net(parts.structure.vss), bottom, len(row) * COLUMN)
        y = bottom + 12
    for text in outside(parts):
        y += 17
        lines.append(f'<text x="4" y="{y:g}">{svg_text(text)}</text>')
    return (
        f'<svg role="img" aria-label="{svg_text(title)}" class="schematic" viewBox="0 0 {width} {y + 10:g}"'
        f' width="{width}" height="{y + 10:g}"><title>{svg_text(title)}</title>{"".join(lines)}</svg>'
    )


def _devices(branch: Branch, drawn: set[str]) -> list[tuple[str, str, bool]]:
    """(device, net below, whether an earlier branch has it) of a branch, up to the first shared device after its last
    own one.
    """
    own = [number for number, (name, _) in enumerate(branch.steps) if name not in drawn]
    last = max(own, default=0)
    return [(name, net, name in drawn) for name, net in branch.steps[: last + 2]]


def _branch(
    parts: Parts, branch: Branch, devices: Sequence[tuple[str, str, bool]], x: float, top: float, bottom: float
) -> list[str]:
    structure = parts.structure
    fets = {fet.name: fet for fet in structure.fets}
    lines = []
    if branch.top != structure.vdd:
        lines += [_dot(x, top + _PORT, "port"), _net(x, top + _PORT + 4, branch.top)]
    y = top + (_PORT if branch.top != structure.vdd else 0)
    for name, net, before in devices:
        if before:
            lines.append(_line(x, y, x, y + STEP, "shared"))
            lines.append(
                f'<text x="{x + 12}" y="{y + 40:g}" class="dim">{svg_text(device_name(name))} as before</text>'
            )
        else:
            lines += _fet(fets[name], x, y) if name in fets else _passive(x, y)
            lines += _labels(name, structure.roles, parts.sizes, x, y)
        y += STEP
        if net not in (structure.vss, structure.vdd):
            lines += [_dot(x, y, "node"), _net(x, y + 4, net)]
    end = branch.steps[len(devices) - 1][1]
    if end == structure.vss:
        lines.append(_line(x, y, x, bottom))
    return lines


def _fet(fet: Fet, x: float, y: float) -> list[str]:
    """A MOSFET between y and y + STEP, its source on the side of its rail."""
    channel, gate = x - 12, x - 18
    above, below = y + 22, y + 54
    pmos = fet.type == "pmos"
    at = above if pmos else below
    tip, base = (channel + 1, channel + 8) if pmos else (x - 1, x - 8)
    lines = [
        _line(x, y, x, above),
        _line(channel, above, x, above),
        _line(channel, above - 5, channel, below + 5),
        _line(channel, below, x, below),
        _line(x, below, x, y + STEP),
        _line(gate, above, gate, below),
        _line(x - 44, y + 38, gate - (8 if pmos else 0), y + 38),
        f'<path d="M{tip:g} {at:g} L{base:g} {at - 4:g} L{base:g} {at + 4:g} Z" class="arrow"/>',
        f'<text x="{x - 47:g}" y="{y + 42:g}" text-anchor="end">{svg_text(_cut(plain_net(fet.gate), 5))}</text>',
    ]
    return [*lines, f'<circle cx="{gate - 4:g}" cy="{y + 38:g}" r="4" class="port"/>'] if pmos else lines


def _passive(x: float, y: float) -> list[str]:
    return [
        _line(x, y, x, y + 18),
        f'<rect x="{x - 6:g}" y="{y + 18:g}" width="12" height="40" class="port"/>',
        _line(x, y + 58, x, y + STEP),
    ]


def _labels(name: str, roles: Mapping[str, str], sizes: Mapping[str, str], x: float, y: float) -> list[str]:
    return [
        f'<text x="{x + 12:g}" y="{y + 30:g}" class="name">{svg_text(_cut(device_name(name), 16))}</text>',
        f'<text x="{x + 12:g}" y="{y + 43:g}" class="dim">{svg_text(_cut(short_role(roles.get(name, "")), 18))}</text>',
        f'<text x="{x + 12:g}" y="{y + 56:g}">{svg_text(_cut(sizes.get(name, ""), 18))}</text>',
    ]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _rail(name: str, y: float, width: float) -> list[str]:
    return [_line(30, y, width - 6, y, "rail"), f'<text x="0" y="{y + 4:g}">{svg_text(_cut(name, 4))}</text>']


def _net(x: float, y: float, net: str) -> str:
    return f'<text x="{x + 8:g}" y="{y:g}" class="net">{svg_text(_cut(plain_net(net), 16))}</text>'


def _dot(x: float, y: float, kind: str) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{3 if kind == "port" else 2.2}" class="{kind}"/>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str = "") -> str:
    return (
        f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"{f" class={chr(34)}{kind}{chr(34)}" if kind else ""}/>'
    )
