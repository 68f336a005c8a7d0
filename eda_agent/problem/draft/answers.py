"""Answers are what a user says of a circuit where the program can only guess: its kind, the roles of its ports, the
conditions of use, and what is sized.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from eda_agent.errors import Finding, InputError
from eda_agent.problem.draft.kinds import CHOICES, kind_named
from eda_agent.problem.draft.port_roles import RESISTORS
from eda_agent.units import parse_quantity

_SMALL = 0.02
"""A bare number below is a current in A, above it a voltage in V, where the circuit does not tell."""

_LARGE = 6.0
"""A bare number above is no current, and no bias voltage of an integrated circuit: a slip of the prefix."""


@dataclass(frozen=True)
class Held:
    """How a port is held. `unit`: V, A, Ohm, or "" for a bare number. `level`: low or high, else "". `into`: a current
    with a plus sign, which flows into the port whatever the circuit needs.
    """

    value: float = 0.0
    unit: str = ""
    level: str = ""
    into: bool = False

    def how(self, found: str) -> str:
        """The same as `biases` says it, for a port that the circuit shows as `found`."""
        if self.level:
            return self.level
        if self.unit == "Ohm" or (found in RESISTORS and not self.unit and self.value >= _LARGE):
            # a current into the port comes from the supply
            return found if found in RESISTORS else "resistor to vdd" if found == "source" else "resistor"
        if found in {"source", "sink"} and not self.unit and abs(self.value) >= _LARGE:
            raise InputError(
                Finding(
                    f"{self.value:g} is a current of {self.value:g} A: the circuit takes a current here",
                    where="--bias",
                    fix=f"write the prefix or the unit, as {self.value:g}u, {self.value:g}V or {self.value:g}ohm",
                )
            )
        current = self.unit == "A" or (
            not self.unit and (abs(self.value) < _SMALL if found not in {"source", "sink"} else abs(self.value) < 1.0)
        )
        if not current or (not self.unit and self.value == 0):
            return "voltage"
        return "sink" if self.value < 0 or (found == "sink" and not self.into) else "source"


@dataclass(frozen=True)
class Answers:
    """What the user says; empty where nothing is said.

    Attributes:
        kind: name of a kind of circuit.
        ports: role in the testbenches → port.
        bias: port → how it is held.
        supply: V.
        load: F, at every output.
        vcm: common mode of the inputs, V.
        size: patterns of devices or parameters that alone are sized.
        keep: patterns of those that are not.
        settings: setting of testbenches → its text, such as load_current → 10m.
    """

    kind: str = ""
    ports: Mapping[str, str] = field(default_factory=dict)
    bias: Mapping[str, Held] = field(default_factory=dict)
    supply: float | None = None
    load: float | None = None
    vcm: float | None = None
    size: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


def read_answers(
    *,
    kind: str | None = None,
    ports: Sequence[str] = (),
    bias: Sequence[str] = (),
    supply: object = None,
    load: object = None,
    vcm: object = None,
    size: Sequence[str] = (),
    keep: Sequence[str] = (),
    settings: Sequence[str] = (),
    option: Callable[[str], str] = "--{}".format,
) -> Answers:
    """The answers from texts as the command line has them: `vdd=AVDD`, `ib=10u`, `M1,M2`. Amounts may be numbers.

    Args:
        option: how the user names an answer, for messages.

    Raises:
        InputError: it names the option.
    """
    found = kind_named(kind) if kind else ""
    if kind and not found:
        near = difflib.get_close_matches(kind.lower(), CHOICES, 1)
        fix = f"did you mean {near[0]}?" if near else f"one of {', '.join(CHOICES)}"
        raise InputError(Finding(f"unknown kind of circuit {kind[:40]!r}", where=option("kind"), fix=fix))
    biased = _pairs(option("bias"), bias, "ib=10u or vb=0.9V or en=high")
    held = {port: _held(option("bias"), port, text) for port, text in biased.items()}
    return Answers(
        found,
        _pairs(option("port"), ports, "vdd=AVDD"),
        held,
        _amount(option("supply"), supply, "V"),
        _amount(option("load"), load, "F"),
        _amount(option("vcm"), vcm, "V"),
        _names(size),
        _names(keep),
        _texts(option("setting"), settings, "load_current=10m"),
    )


def fits(patterns: Collection[str], names: Collection[str]) -> bool:
    """Whether a pattern matches one of the names. An `M1` of the user is also the `XM1` of a netlist, and the name
    `XQ2[7]` is itself, although brackets are a pattern.
    """
    return any(
        name in (pattern, f"x{pattern}") or fnmatchcase(name, pattern) or fnmatchcase(name, f"x{pattern}")
        for pattern in patterns
        for name in names
    )


def _pairs(option: str, texts: Sequence[str], example: str) -> dict[str, str]:
    return {left: right.lower() for left, right in _texts(option, texts, example).items()}


def _texts(option: str, texts: Sequence[str], example: str) -> dict[str, str]:
    """The same with the values as they are written: 1M is not 1m."""
    result: dict[str, str] = {}
    for text in texts:
        for part in text.split(","):
            left, equals, right = part.strip().partition("=")
            if not (left and equals and right):
                raise InputError(Finding(f"{part!r} is not NAME=VALUE", where=option, fix=f"{option} {example}"))
            name, value = left.strip().lower(), right.strip()
            if result.setdefault(name, value) != value:
                both = f"{name}={result[name]} and {name}={value} contradict each other"
                raise InputError(Finding(both, where=option, fix=f"give {name} once"))
    return result


def _held(option: str, port: str, text: str) -> Held:
    if text in {"low", "high"}:
        return Held(level=text)
    unit = "Ohm" if text.endswith("ohm") else {"a": "A", "v": "V"}.get(text[-1], "")
    bare = text[: -len(unit)] if unit and not _is_number(text) else text
    unit = unit if bare != text else ""
    try:
        value = parse_quantity(bare)
        if unit == "Ohm" and value <= 0:
            raise ValueError("a resistance is above 0")
        return Held(value, unit, into=text.startswith("+"))
    except ValueError as error:
        raise InputError(
            Finding(
                f"{port}={text} is no current, voltage or resistance",
                where=option,
                fix=f"{option} {port}=10u, {port}=0.9V or {port}=10kohm",
            )
        ) from error


def _is_number(text: str) -> bool:
    try:
        parse_quantity(text)
    except ValueError:
        return False
    return text[-1] != "a"


def _amount(option: str, text: object, unit: str) -> float | None:
    if text is None:
        return None
    try:
        value = parse_quantity(text, unit)
    except ValueError as error:
        example = {"V": "1.8", "F": "1p"}[unit]
        raise InputError(
            Finding(f"{text!r} is no number in {unit}", where=option, fix=f"{option} {example}")
        ) from error
    if value < 0 or (value == 0 and option.endswith("supply")):
        raise InputError(Finding(f"{text} is out of range", where=option, fix="a positive number"))
    return value


def _names(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.strip().lower() for text in texts for name in text.split(",") if name.strip())
