"""A multiplier is `m=` on an instance, the number of equal devices in parallel; some foundries' subcircuits accept and
ignore it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eda_agent.problem.pdk.registry import Pdk
from eda_agent.problem.pdk.sections import library_of

_FOUND: dict[tuple[Path, int, tuple[str, ...]], frozenset[str]] = {}
"""Library, time of its last change and requested names → the result: a run asks at every new best."""


def ignoring(pdk: Pdk, names: Iterable[str]) -> frozenset[str]:
    """Devices of a PDK whose multiplier plain ngspice ignores, with the foundry's library on this machine.

    Raises `MissingError` if the library is missing.
    """
    asked = tuple(sorted({name for name in names if name in pdk.devices}))
    if not asked or not pdk.subcircuits or not pdk.locations:
        return frozenset()
    path = pdk.library(asked)
    key = path, path.stat().st_mtime_ns, asked
    if key not in _FOUND:
        library = library_of(pdk, path, next(iter(pdk.corners.values()), ()), asked)
        found = {
            name: [library.blocks[one] for one in pdk.devices[name].spellings if one in library.blocks]
            for name in asked
        }
        _FOUND[key] = frozenset(
            name for name, blocks in found.items() if any(block.ignores_multiplier for block in blocks)
        )
    return _FOUND[key]
