"""A target is a circuit's spec with other bounds, met by a known sizing, under one set of conditions (a corner and its
load).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eda_agent.errors import Finding, InputError
from eda_agent.files import read_file
from eda_agent.problem.spec import Corner, Problem


@dataclass(frozen=True)
class Target:
    """`bounds`: spec → value in SI units, a minimum or maximum as in the spec. `known`: a sizing that meets it, in SI
    units.

    `kind`: "uniform" (bounds drawn over the reachable range) or "tight" (a few percent of slack from `known`).
    """

    name: str
    kind: str
    corner: Corner
    bounds: Mapping[str, float]
    known: Mapping[str, float]

    @property
    def digest(self) -> str:
        """A hash of the content, independent of names; training runs hold out targets by it."""
        content = [
            sorted(self.bounds.items()),
            self.corner.process,
            self.corner.vdd,
            self.corner.temperature,
            sorted(self.corner.settings.items()),
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def with_target(problem: Problem, target: Target) -> Problem:
    """The same problem with a target, in its corner alone. Specs without a bound in the target are removed."""
    specs = []
    for spec in problem.specs:
        if spec.devices and spec.name not in target.bounds:
            continue  # the targets are older than specs on operating points
        bound = target.bounds[spec.name]
        low, high = (bound, None) if spec.minimum is not None else (None, bound)
        specs.append(replace(spec, minimum=low, maximum=high, worst=None, corners=()))
    return replace(problem, name=f"{problem.name}-{target.name}", specs=tuple(specs), corners=(target.corner,))


def read_targets(path: Path) -> tuple[Target, ...]:
    """The targets of a file. Raises `InputError` for an invalid file."""
    try:
        data: dict[str, Any] = json.loads(read_file(path))
        return tuple(_target(entry) for entry in data["targets"])
    except OSError as error:
        raise InputError(Finding(f"cannot read the targets: {error.strerror}", path)) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            Finding(f"this is not a list of targets: {error!r}", path, fix="see benchmarks/targets.py")
        ) from None


def _target(entry: Mapping[str, Any]) -> Target:
    corner = entry["corner"]
    settings = {key: float(value) for key, value in corner.items() if key not in {"process", "vdd", "temperature"}}
    return Target(
        str(entry["name"]),
        str(entry["kind"]),
        Corner("target", str(corner["process"]), float(corner["vdd"]), float(corner["temperature"]), settings),
        {str(name): float(value) for name, value in entry["bounds"].items()},
        {str(name): float(value) for name, value in entry["known"].items()},
    )


def target_data(target: Target) -> dict[str, Any]:
    """The inverse of reading."""
    corner = {
        "process": target.corner.process,
        "vdd": target.corner.vdd,
        "temperature": target.corner.temperature,
        **target.corner.settings,
    }
    return {
        "name": target.name,
        "kind": target.kind,
        "corner": corner,
        "bounds": dict(target.bounds),
        "known": dict(target.known),
    }
