"""A spaced unit stands behind a blank, as a person types it: `W="27 mm"`, `L=0.5 um`, `C1 a b 1 pF`."""

from __future__ import annotations

import re

# atomic: an untrusted line of digits is read once, not once for each of its parts
_NUMBER = r"[-+]?(?>\d+(?:\.\d*)?|\.\d+)(?>e[-+]?\d+)?"
_UNIT = r"(?:(?:meg|[afpnuµmkg])?(?:m|f|hz?|ohms?|Ω|v|a)?)"
_SETTING = re.compile(
    rf"""(=\s*+)(?:"\s*+({_NUMBER})\s*+({_UNIT})\s*+"|(['{{])\s*+({_NUMBER})\s++({_UNIT})\s*+(['}}])|({_NUMBER})\s++({_UNIT})(?![\w.'"(\[]|\s*=))""",
    re.IGNORECASE,
)
_VALUE = re.compile(rf"^(\s*[rcl]\S*\s+\S+\s+\S+\s+{_NUMBER})\s+({_UNIT})(?=\s|$)(?!\s*=)", re.IGNORECASE)
_WITH_SIZES = frozenset([".param", ".params", ".parameter", ".parameters", ".subckt"])
_MICRON = re.compile(rf"(?<![\w.])({_NUMBER})\s*+microns?\b", re.IGNORECASE)
"""SPICE reads `1micron` as a thousandth."""
_MODEL = re.compile(r"^\s*\.model\s+(\S+)", re.IGNORECASE | re.MULTILINE)


def with_joined_units(text: str, notes: list[str]) -> str:
    """The text with every number and its unit as one word, as SPICE reads them."""
    models = {name.lower() for name in _MODEL.findall(text)}
    shown: dict[str, None] = {}

    def joined(found: re.Match[str]) -> str:
        sign, quoted, its, opened, inner, unit, closed, plain, last = found.groups()
        if not (its or unit or last) and quoted is None:
            return found[0]
        if last and last.lower() in models:
            return found[0]
        shown[found[0].lstrip("= ")] = None
        if inner is not None:
            return f"{sign}{opened}{inner}{unit}{closed}"
        return f"{sign}{quoted}{its}" if quoted is not None else f"{sign}{plain}{last}"

    def micron(line: str) -> str:
        shown.update(dict.fromkeys(found[0] for found in _MICRON.finditer(line)))
        return _MICRON.sub(r"\1 u", line)

    def value(found: re.Match[str]) -> str:
        if not found[2] or found[2].lower() in models:
            return found[0]
        shown[" ".join(found[0].split()[-2:])] = None
        return f"{found[1]}{found[2]}"

    result, inside = [], False
    for line in text.splitlines():
        word = line.split(None, 1)[0].lower() if line.strip() else ""
        inside = (inside or word == ".control") and word != ".endc"
        # a script, and a card such as .ic v(a)=0 v(b)=1, has no sizes that people type
        plain = inside or word[:1] in {"*", ""} or (word[:1] == "." and word not in _WITH_SIZES)
        result.append(line if plain else _VALUE.sub(value, _SETTING.sub(joined, micron(line))))
    if not shown:
        return text
    listed = ", ".join(list(shown)[:3]) + (" …" if len(shown) > 3 else "")
    notes.append(f"a number and its unit became one word ({listed})")
    return "\n".join(result) + "\n"
