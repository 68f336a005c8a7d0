"""A flat device is a primitive element of the elaborated circuit, at one sizing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FlatDevice:
    """A primitive device. `path`: instance names from the top, `library`: name of the foundry's device around it, or
    "".

    `values`: parameter → number, at one sizing, without parameters whose text is not arithmetic.
    """

    path: tuple[str, ...]
    kind: str
    nodes: tuple[str, ...]
    model: str
    library: str
    values: Mapping[str, float]
    index: int = 0
    whole: bool = False
    """Whether it is a foundry's device as a call of its subcircuit (kind x), which is not expanded."""

    @property
    def flat_name(self) -> str:
        """Its name in a deck without hierarchy: the letter of its kind and a number, short enough for ngspice's
        `show`.
        """
        return f"{self.kind}{self.index}"

    @property
    def spice_name(self) -> str:
        """ngspice's name of the device: `m.x1.x2.m0`."""
        return self.path[0] if len(self.path) == 1 else f"{self.kind}.{'.'.join(self.path)}"

    @property
    def label(self) -> str:
        """The designer's name: the path without the testbench's instance and the foundry's inner device."""
        parts = self.path[1:] if self.path[0] == "xdut" else self.path
        if self.library and not self.whole:
            parts = parts[:-1]
        return ".".join(parts)
