"""What of a flat deck is its testbench: sources, loads, and parts of the test; the rest is the circuit.

Transistors, diodes and cells are the circuit, sources are the testbench. A resistor, a capacitor or an inductor may be
either: its place decides, and `--keep` and `--size` change what it decides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from eda_agent.problem.bench.calls import plain_words
from eda_agent.problem.deck_numbers import number, numbers
from eda_agent.problem.draft.flat import outputs_of
from eda_agent.problem.draft.port_names import named
from eda_agent.spice_numbers import parse_spice_number

GROUNDS = frozenset(["0", "gnd"])
"""The nets that ngspice takes as ground, in lower case."""
TRANSISTORS = frozenset("mqjzx")
_CORE = TRANSISTORS | {"d"}
_PASSIVES = frozenset("rcl")
_NODES = {"m": 4, "r": 2, "c": 2, "l": 2, "v": 2, "i": 2, "d": 2, "j": 3, "z": 3, "b": 2, "f": 2, "h": 2,
          "e": 4, "g": 4, "s": 4, "w": 2, "t": 4, "o": 4}  # fmt: skip
_WAVE = re.compile(r"\b(?:ac|sine?|pulse|pwl|exp|sffm|am|trnoise)\b", re.IGNORECASE)
TESTBENCH, CIRCUIT = "testbench", "circuit"
_OF_A_TEST = {"l": 0.1, "c": 0.9e-6, "r": 1e10}
"""H, F, Ohm: no chip has such a device. It breaks a loop, couples or bypasses."""


@dataclass(frozen=True)
class Device:
    """A device line: `name` in lower case, its nets as they are written, its words, the number of the line."""

    name: str
    nets: tuple[str, ...]
    words: tuple[str, ...]
    line: int

    @property
    def kind(self) -> str:
        return self.name[0]


@dataclass(frozen=True)
class Share:
    """A choice that the user may want to change. `part`: TESTBENCH or CIRCUIT. `change`: the option that does."""

    name: str
    part: str
    why: str
    change: str


def device_of(text: str, line: int, models: Collection[str]) -> Device | None:
    """A device of a line of text; None if it has too few words. `models`: names of the deck's models, in lower case."""
    words = plain_words(text)
    name = words[0].lower()
    if name[0] == "k":
        return Device(name, (), tuple(words), line)
    if name[0] == "x":
        nets = words[1:-1]
    elif name[0] == "q":
        # collector, base, emitter; substrate and temperature may follow
        behind = [number for number, word in enumerate(words[4:], start=4) if word.lower() in models]
        bare = 5 if len(words) > 5 and parse_spice_number(words[5]) is None and words[5].lower() != "off" else 4
        nets = words[1 : behind[0] if behind else bare]
    elif name[0] not in _NODES:
        return None
    else:
        nets = words[1 : 1 + _NODES[name[0]]]
        if name[0] in "eg" and len(words) > 3 and re.match(r"(?:vol|cur|poly|table|value)\b", words[3], re.IGNORECASE):
            nets = words[1:3]
        if name[0] in "eg" and len(words) < 5:
            # a formula instead of controlling nets
            nets = words[1:3]
    return Device(name, tuple(nets), tuple(words), line) if len(nets) > 1 else None


def apart(
    devices: Sequence[Device],
    measured: Collection[str],
    parameters: Mapping[str, str],
    size: Collection[str],
) -> tuple[list[Device], list[Share]]:
    """(the devices of the circuit, the choices among resistors, capacitors and inductors).

    Args:
        devices: those of the deck's top level.
        measured: the nets that the deck measures, in lower case.
        parameters: name → text.
        size: names of devices that the user sizes: they are of the circuit.
    """
    core = [one for one in devices if one.kind in _CORE]
    around = {net.lower() for one in core for net in one.nets}
    stimuli = _stimuli(devices, around, parameters)
    outputs = {net.lower() for net in outputs_of([" ".join(one.words) for one in devices], measured)}
    outputs |= {net for net in around & set(measured) if named("out", net)}
    passives = [one for one in devices if one.kind in _PASSIVES]
    share: list[Share] = []
    left: list[Device] = []
    for one in passives:
        chosen = one.name in size
        far = [net.lower() for net in one.nets if net.lower() not in GROUNDS]
        value = _value(one.words[3] if len(one.words) > 3 else "", parameters)
        said = ""
        if value is not None and value >= _OF_A_TEST[one.kind]:
            said = "its value is one of a test, not of a chip"
        elif set(far) & stimuli:
            said = "it stands behind a source that stimulates"
        elif len(far) == 1 and (one.kind == "c" or _is_fed(far[0], one, devices)) and far[0] in outputs:
            said = f"it stands between the output {far[0]} and ground"
        elif len(far) == 1 and one.kind == "r" and far[0] not in around and _only_coupled(far[0], one, devices):
            said = "a capacitor couples the circuit to it"
        if said and not chosen:
            left.append(one)
            share.append(Share(one.name.upper(), TESTBENCH, said, f"--size {one.name.upper()},'*'"))
        elif len(far) == 1 and one.kind in "rc" and not chosen:
            why = f"it stands between {far[0]} and ground"
            share.append(Share(one.name.upper(), CIRCUIT, why, f"--keep {one.name.upper()}"))
    circuit = _connected(core, [one for one in passives if one not in left])
    coils = {one.name for one in circuit}
    circuit += [one for one in devices if one.kind == "k" and {word.lower() for word in one.words[1:-1]} & coils]
    kept = {one.name.upper() for one in circuit}
    share = [one for one in share if one.part == TESTBENCH or one.name in kept]
    return sorted(circuit, key=lambda one: one.line), share


def _stimuli(devices: Sequence[Device], around: Collection[str], parameters: Mapping[str, str]) -> set[str]:
    """The nets that a source with a waveform holds and no device of the circuit touches, without supplies."""
    levels: dict[str, float] = {}
    waving: set[str] = set()
    for one in devices:
        if one.kind not in "vi":
            continue
        nets = [net.lower() for net in one.nets if net.lower() not in GROUNDS]
        text = " ".join(one.words[3:])
        first = re.match(r"(?:dc\s*=?\s*)?(\S+)", text, re.IGNORECASE)
        level = _value(first[1], parameters) if first else None
        for net in nets:
            levels[net] = max(levels.get(net, 0.0), level or 0.0)
        if _WAVE.search(text):
            waving |= set(nets)
    highest = max(levels.values(), default=0.0)
    supplies = {net for net, level in levels.items() if named("vdd", net) or 0 < level == highest}
    return waving - set(around) - supplies


def _is_fed(net: str, resistor: Device, devices: Sequence[Device]) -> bool:
    """Whether a net has two other paths of direct current, so that a resistor to ground is not what feeds it."""
    ends = 0
    for one in devices:
        nets = [name.lower() for name in one.nets]
        if one is resistor or net not in nets:
            continue
        if one.kind == "m" or (one.kind == "x" and len(nets) == 4) or one.kind == "q":
            ends += net in (nets[0], nets[2])
        elif one.kind in "rlide":
            ends += 1
    return ends > 1


def _only_coupled(net: str, resistor: Device, devices: Sequence[Device]) -> bool:
    """Whether only capacitors lead to a net, beside resistors to it."""
    kinds = Counter(one.kind for one in devices if one is not resistor and net in [name.lower() for name in one.nets])
    return kinds["c"] == kinds.total() == 1


def _connected(core: Sequence[Device], passives: Sequence[Device]) -> list[Device]:
    """The core, and the passives that lead to it through each other."""
    result = list(core)
    nets = {net.lower() for one in core for net in one.nets}
    waiting = list(passives)
    while True:
        found = [one for one in waiting if {net.lower() for net in one.nets} & nets - GROUNDS]
        if not found:
            return result
        result += found
        nets |= {net.lower() for one in found for net in one.nets}
        waiting = [one for one in waiting if one not in found]


def _value(text: str, parameters: Mapping[str, str]) -> float | None:
    return number(text, numbers(parameters))
