"""A name with a unit behind it, `W={Wm}u` or `{Cfly}p`, is how netlists for optimizers write sizes without a value.

The name takes the unit: it is then an unset name like others, whose value is a size.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_NAME = re.compile(r"\{\s*([A-Za-z_]\w*)\s*\}(?:meg|[fpnumkg])(?![\w])", re.IGNORECASE)
_SET = re.compile(r"([A-Za-z_]\w*)\s*=")
_CARDS = (".param", ".params", ".parameter", ".subckt", ".func", ".csparam")


def with_units_in_names(lines: Sequence[str], notes: list[str]) -> list[str]:
    """The lines with each such name alone, if no card gives it a value."""
    known = {
        name.lower()
        for line in lines
        if line.split(None, 1)[:1] and line.split(None, 1)[0].lower() in (*_CARDS, "+")
        for name in _SET.findall(line)
    }
    renamed: dict[str, None] = {}

    def plain(found: re.Match[str]) -> str:
        if found[1].lower() in known:
            return found[0]
        renamed[found[0]] = None
        return f"{{{found[1]}}}"

    result = [line if line.lstrip()[:1] in {"*", "."} else _NAME.sub(plain, line) for line in lines]
    if renamed:
        shown = ", ".join(list(renamed)[:4]) + (" …" if len(renamed) > 4 else "")
        notes.append(f"names without a value took the unit behind them ({shown}): their values are sizes with a unit")
    return result
