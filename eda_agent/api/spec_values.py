"""Spec values are read by name: `sim["gbw"]` is the value in its worst corner, `dict(sim)` has all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from eda_agent.api.arguments import unknown


class SpecValues:
    """What a simulation and a run have in common."""

    @property
    def _spec_rows(self) -> Mapping[str, Mapping[str, Any]]:
        """Spec → its row of a result; each subclass has its own."""
        raise NotImplementedError

    def keys(self) -> list[str]:
        """The names of the specs."""
        return list(self._spec_rows)

    def __getitem__(self, spec: str) -> float | None:
        """The value of a spec in its worst corner, in SI units; None if it could not be measured."""
        rows = self._spec_rows
        if spec not in rows:
            raise unknown("spec", spec, rows)
        value = rows[spec]["value"]
        return None if value is None else float(value)

    def __contains__(self, spec: object) -> bool:
        return spec in self._spec_rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._spec_rows)
