"""The source to which a noise analysis refers its input noise."""

from __future__ import annotations

import difflib
import re

from eda_agent.errors import Finding
from eda_agent.problem.bench.reading import BenchText, outside

_NOISE = re.compile(r"\s*\.?noise\s+v\s*\([^)]*\)\s+([vi]\w*)(?=\s)", re.IGNORECASE)


def missing_sources(text: BenchText) -> list[Finding]:
    """A finding for each noise analysis that names a source that the deck does not have: ngspice would fail at every
    simulation.
    """
    sources = [line.card for line in outside(text.lines) if line.card[:1] in {"v", "i"}]
    result = []
    for line in (*text.script, *text.analyses):
        found = _NOISE.match(line.text)
        if found is None or found[1].lower() in sources:
            continue
        near = difflib.get_close_matches(found[1].lower(), sources, 3, 0.0)
        result.append(
            line.finding(
                f"noise refers to the source {found[1]}, which the deck does not have",
                f"name one of the deck's sources: {', '.join(near)}" if near else "add the source",
            )
        )
    return result
