"""A waveform is what one analysis of a testbench recorded in one corner, as numpy arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from eda_agent.api.arguments import UnknownName, unknown


@dataclass(frozen=True, repr=False)
class Waveform:
    """The record of one analysis: `axis` is frequency in Hz (ac, noise), time in s (tran) or voltage in V (dc), empty
    for op; `probes` maps a role to an array, complex for ac.
    """

    testbench: str
    corner: str
    analysis: str
    axis: NDArray[np.float64]
    probes: Mapping[str, NDArray[Any]]

    def keys(self) -> list[str]:
        """The names of the probes."""
        return list(self.probes)

    def __getitem__(self, probe: str) -> NDArray[Any]:
        if probe not in self.probes:
            raise unknown("probe", probe, self.probes)
        return self.probes[probe]

    def __contains__(self, probe: object) -> bool:
        return probe in self.probes

    def __iter__(self) -> Any:
        return iter(self.probes)

    def __repr__(self) -> str:
        where = f"{self.testbench} {self.analysis} in {self.corner}"
        return f"<Waveform {where}: {', '.join(self.probes)}, {len(self.axis)} points>"


Key = tuple[str, ...] | str


class Waveforms(Sequence[Waveform]):
    """The waveforms of one sizing: `waves["loop", "ac"]` in the first corner, `waves["loop", "ac", "slow"]`.

    A testbench with one analysis needs its name only.
    """

    def __init__(self, waves: Sequence[Waveform]):
        self._waves = tuple(waves)

    def keys(self) -> list[tuple[str, str, str]]:
        """(testbench, analysis, corner) of each."""
        return [(wave.testbench, wave.analysis, wave.corner) for wave in self._waves]

    def __len__(self) -> int:
        return len(self._waves)

    def __contains__(self, wanted: object) -> bool:
        if isinstance(wanted, (str, tuple)):
            return bool(self._found(wanted))
        return wanted in self._waves

    @overload
    def __getitem__(self, key: int | Key) -> Waveform: ...
    @overload
    def __getitem__(self, key: slice) -> Waveforms: ...
    def __getitem__(self, key: int | slice | Key) -> Waveform | Waveforms:
        if isinstance(key, slice):
            return Waveforms(self._waves[key])
        if not isinstance(key, (str, tuple)):
            return self._waves[key]
        found = self._found(key)
        analyses = list(dict.fromkeys(f"{wave.testbench} {wave.analysis}" for wave in found or self._waves))
        if found and len(analyses) == 1:
            return found[0]
        if found:
            raise UnknownName(f"{key!r} has several analyses\n    → one of {', '.join(analyses)}")
        words = [str(word) for word in ([key] if isinstance(key, str) else key)]
        known = [wave.corner for wave in self._found(tuple(words[:2]))] if len(words) == 3 else []
        raise unknown("corner", words[2], known) if known else unknown("waveform", " ".join(words), analyses)

    def _found(self, key: Key) -> list[Waveform]:
        wanted = (key,) if isinstance(key, str) else key
        return [
            wave
            for wave, names in zip(self._waves, self.keys(), strict=True)
            if wanted and names[: len(wanted)] == wanted
        ]

    def __repr__(self) -> str:
        return f"<Waveforms: {len(self)}>"
