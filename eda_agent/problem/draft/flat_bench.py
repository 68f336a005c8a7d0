"""A flat bench is a deck that measures a circuit whose devices stand beside the sources, in one level.

`wrapped` makes a subcircuit of the devices and calls it once. The nets that sources, loads or measurements name become
its ports, so that `v(NET)` stays as it is. The devices get a place: `@m1[gm]` becomes `@m.x1.m1[gm]`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eda_agent.problem.draft.deck_share import GROUNDS, TRANSISTORS, Device, Share, apart, device_of
from eda_agent.problem.draft.simulation_cards import measured_nets
from eda_agent.problem.line_edit import assignments
from eda_agent.problem.logical_line import Line, logical_lines

NAME = "circuit"
"""Of the subcircuit."""
_MEASURES = re.compile(r"^\s*\.(?:control|meas|measure|four)\b", re.IGNORECASE | re.MULTILINE)
_NAMED = frozenset([".meas", ".measure", ".save", ".probe", ".print", ".plot", ".four", ".ic", ".nodeset", ".dc",
                    ".noise", ".tf", ".pz", ".sens", ".func"])  # fmt: skip
"""Cards that name nets or devices."""
_WORD = re.compile(r"[^\s()\[\]{},='\"*/+&|<>@^;]+")
_IN_BRACKETS = re.compile(r"\b(?:v|vdb|vm|vp|vr|vi|cph|db|ph)\s*\(([^()]*)\)", re.IGNORECASE)
_DEVICE = re.compile(r"@([a-z]\w*(?:\.[^\s\[\]]+)?)\[", re.IGNORECASE)
_BRANCH = re.compile(r"(?<![\w.#])([a-z]\w*)(#branch)\b|(?<![\w.])(i\s*\(\s*)(l\w*)(\s*\))", re.IGNORECASE)
_ALTERED = re.compile(r"^(\s*alter\s+)([a-z][^\s=@\[]*)(.*)$", re.IGNORECASE)
_SWEEP = re.compile(r"^(\s*\.?dc\s+)(.*)$", re.IGNORECASE)
_BY_VARIABLE = re.compile(r"@\{?\$")


@dataclass(frozen=True)
class FlatBench:
    """`text`: the deck with a subcircuit. `ports` of it. `shares`: choices that the user may change. `renamed`: a name
    of a device in the deck, and what it became; "" if none is named.
    """

    text: str
    ports: tuple[str, ...]
    shares: tuple[Share, ...]
    renamed: str = ""


def wrapped(text: str, path: Path, size: Collection[str] = ()) -> FlatBench | None:
    """A flat deck as one that calls its circuit; None if it measures nothing, has no transistor or a line of another
    kind, or names a device by a variable.

    Args:
        text: the deck.
        path: of it, for its lines.
        size: names of devices that the user sizes.
    """
    if not _MEASURES.search(text) or _BY_VARIABLE.search(text):
        return None
    lines = logical_lines(text, path, title=True, scripts=True)
    scripts, inner = _places(lines)
    models = {line.text.split()[1].lower() for line in lines if line.card == ".model" and len(line.text.split()) > 1}
    devices: list[Device] = []
    for number, line in enumerate(lines):
        if number in scripts or number in inner or not line.card[:1].isalpha():
            continue
        device = device_of(line.text, number, models)
        if device is None:
            return None
        devices.append(device)
    measured = measured_nets(text)
    circuit, shares = apart(devices, measured, _parameters(lines, inner), size)
    if not any(one.kind in TRANSISTORS for one in circuit):
        return None
    moved = {one.line for one in circuit}
    rest = [(number, line) for number, line in enumerate(lines) if number not in moved]
    named = _named(rest, scripts, inner, [one for one in devices if one.line not in moved])
    all_nets = any(re.match(r"print\s+all\b", line.text, re.IGNORECASE) for number, line in rest if number in scripts)
    nets: dict[str, str] = {}
    for one in circuit:
        for net in one.nets:
            nets.setdefault(net.lower(), net)
    taken = {net for one in devices for net in (net.lower() for net in one.nets)}
    ground = next(name for name in ("vss", "vgnd", "ground", "rail0") if name not in taken)
    ports = [net for low, net in nets.items() if low not in GROUNDS and (all_nets or low in named)]
    if not ports:
        return None
    grounded = bool(nets.keys() & GROUNDS)
    names = {one.name for one in devices}
    call = next(f"x{number}" for number in range(1, len(devices) + 2) if f"x{number}" not in names)
    body = [_grounded(lines[one.line].text, one, ground) for one in circuit]
    header = " ".join([NAME, *ports, *([ground] if grounded else [])])
    wrap = [f".subckt {header}", *body, f".ends {NAME}",
            " ".join([call, *ports, *(["0"] if grounded else []), NAME])]  # fmt: skip
    result: list[str] = []
    first = min(moved)
    changed = ""
    for number, line in enumerate(lines):
        result += wrap if number == first else []
        if number in moved:
            continue
        place = _placed(line.text, {one.name for one in circuit}, call)
        if place != line.text and (number in scripts or line.card in _NAMED):
            changed = changed or _first_change(line.text, place)
            result.append(place)
        else:
            result += line.raw
    return FlatBench("\n".join(result) + "\n", tuple(ports), tuple(shares), changed)


def _places(lines: Sequence[Line]) -> tuple[set[int], set[int]]:
    """(the numbers of the lines in scripts, of those in subcircuits and behind the end)."""
    scripts: set[int] = set()
    inner: set[int] = set()
    script = ended = False
    depth = 0
    for number, line in enumerate(lines):
        if line.card in {".control", ".endc"}:
            script = line.card == ".control"
            scripts.add(number)
        elif script:
            scripts.add(number)
        depth += line.card == ".subckt"
        if depth or ended:
            inner.add(number)
        depth -= line.card == ".ends" and depth > 0
        ended = ended or line.card == ".end"
    return scripts, inner


def _parameters(lines: Sequence[Line], inner: Collection[int]) -> dict[str, str]:
    result: dict[str, str] = {}
    for number, line in enumerate(lines):
        if line.card in {".param", ".params"} and number not in inner:
            result.update(assignments(line.text))
    return result


def _named(
    rest: Iterable[tuple[int, Line]], scripts: Collection[int], inner: Collection[int], left: Sequence[Device]
) -> set[str]:
    """The nets that the testbench names, in lower case: a number only as the net of a device, or in `v()`."""
    found = {net.lower() for one in left for net in one.nets}
    for number, line in rest:
        formula = line.card[:1].isalpha() and number not in inner
        if number not in scripts and line.card not in _NAMED and not formula:
            continue
        text = line.text.lower()
        found |= {word for word in _WORD.findall(text) if not word[0].isdigit()}
        for inside in _IN_BRACKETS.findall(text):
            found |= {word.strip() for word in inside.split(",")}
    return found


def _placed(text: str, names: Collection[str], call: str) -> str:
    """A line of the testbench with the names of the circuit's devices as they are within its call."""

    def device(found: re.Match[str]) -> str:
        name, _, behind = found[1].partition(".")
        if not behind:
            return f"@{name[0]}.{call}.{name}[" if name.lower() in names else found[0]
        # @m.xm1.mfoundry[gm]: the kind of the device stands first
        return f"@{name}.{call}.{behind}[" if behind.split(".")[0].lower() in names else found[0]

    def branch(found: re.Match[str]) -> str:
        name = found[1] or found[4]
        if name.lower() not in names:
            return found[0]
        placed = f"{name[0]}.{call}.{name}"
        return f"{placed}{found[2]}" if found[1] else f"{found[3]}{placed}{found[5]}"

    result = _BRANCH.sub(branch, _DEVICE.sub(device, text))
    if (altered := _ALTERED.match(result)) and (word := altered[2].lower()) in names:
        result = f"{altered[1]}{word[0]}.{call}.{word}{altered[3]}"
    if swept := _SWEEP.match(result):
        words = [f"{one[0]}.{call}.{one}" if one.lower() in names else one for one in swept[2].split()]
        result = swept[1] + " ".join(words)
    return result


def _first_change(before: str, after: str) -> str:
    """`@m1[gm] became @m.x1.m1[gm]`, of the first words that differ."""
    pairs = zip(before.split(), after.split(), strict=False)
    return next((f"{old} became {new}" for old, new in pairs if old != new), "")


def _grounded(text: str, device: Device, ground: str) -> str:
    """A device's line with the port for ground in place of 0."""
    words = text.split()
    count = len(device.nets)
    nets = [ground if net.lower() in GROUNDS else net for net in words[1 : 1 + count]]
    return " ".join([words[0], *nets, *words[1 + count :]])
