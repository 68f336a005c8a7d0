"""The sections of a drafted spec that another source gives: its specs and corners in place of the drafted ones."""

from __future__ import annotations

from collections.abc import Sequence


def with_sections(text: str, specs: Sequence[str], corners: Sequence[str] = ()) -> str:
    """The text of a drafted spec with other lines under `specs:` and, if given, under `corners:`."""
    head, _, rest = text.partition("\nspecs:\n")
    drafted, _, tail = rest.partition("\ncorners:\n")
    del drafted
    own, mark, budget = tail.partition("\nbudget:")
    return "\n".join([head, "specs:", *specs, "corners:", *(corners or own.splitlines())]) + f"{mark}{budget}"
