"""A version in use is old, new or right by what eda-agent requires; `eda-agent doctor` tells which."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

NGSPICE = 39
"""The oldest version of ngspice with which eda-agent is tested: Debian 12 has it."""
_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[[^]]*\])?\s*\(?([^;)]*)\)?")
_BOUND = re.compile(r"(>=|<=|==|<|>|!=|~=)\s*([\w.*]+)")


def unfit(requirements: Sequence[str], installed: Callable[[str], str]) -> Iterator[tuple[str, str, str]]:
    """The packages that are missing or have another version than required.

    Args:
        requirements: lines of a package's metadata, such as `rich>=14`. Those of an extra are left out.
        installed: the version of a package; raises `ImportError` where there is none.

    Yields:
        (name, version in use or "", bounds of the version).
    """
    for line in requirements:
        found = _REQUIREMENT.match(line)
        if found is None or "extra ==" in line:
            continue
        name, bounds = found[1], found[2].strip()
        try:
            version = installed(name)
        except ImportError:
            yield name, "", bounds
            continue
        if not all(_holds(version, sign, bound) for sign, bound in _BOUND.findall(bounds)):
            yield name, version, bounds


def too_old(ngspice: str) -> bool:
    """Whether a version of ngspice is older than any that is tested; an unknown one is not."""
    found = re.match(r"\d+", ngspice)
    return found is not None and int(found[0]) < NGSPICE


def _holds(version: str, sign: str, bound: str) -> bool:
    one, other = _numbers(version), _numbers(bound)
    length = max(len(one), len(other))
    one, other = one + (0,) * (length - len(one)), other + (0,) * (length - len(other))
    return {">=": one >= other, "<=": one <= other, "==": one == other, "<": one < other, ">": one > other}.get(
        sign, True
    )


def _numbers(version: str) -> tuple[int, ...]:
    """The release of a version: `2.13.1+cu126` is (2, 13, 1)."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()
