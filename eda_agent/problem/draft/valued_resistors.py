"""A valued resistor is an R line with the PDK's device and its drawn sizes. An extraction has the resistance too:
`R$1 a b sub 220.1 ppolyf_u L=25U W=39.75U` (KLayout), a netlist for LVS does not. It becomes a call of the device.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from eda_agent.problem.pdk.registry import DeviceRule, Pdk
from eda_agent.spice_numbers import parse_spice_number

_LINE = re.compile(
    r"^\s*r(\S*)((?:\s+[^\s=]+){2,3}?)(?:\s+([\d.][^\s=]*))?\s+([A-Za-z_][^\s=]*)((?:\s+\w+\s*=\s*\S+)+)\s*$",
    re.IGNORECASE,
)
_IDEAL = re.compile(r"^(\s*r\S*(?:\s+[^\s=]+){2})\s+[^\s=]+\s+([\d.][^\s=]*)\s+[A-Za-z_][^\s=]*\s*$", re.IGNORECASE)
"""Two ends, substrate, resistance and model: without sizes, the resistance is all that is known."""
_SIZE = re.compile(r"(\w+)\s*=\s*(\S+)")


def with_valued_resistors(lines: Sequence[str], pdks: Sequence[Pdk], notes: list[str]) -> list[str]:
    """The lines with every valued resistor of a PDK as a call, sizes in the PDK's unit."""
    result = []
    for line in lines:
        found = _LINE.match(line)
        called = next((made for pdk in pdks if found and (made := _call(found, pdk)) is not None), None)
        if called is not None:
            notes.append("resistors with sizes became calls of the PDK's devices: the sizes give the value")
        if ideal := _IDEAL.match(line):
            notes.append("resistors of a model without sizes became plain ones: their resistance counts")
            called = f"{ideal[1]} {ideal[2]}"
        result.append(called or line)
    return result


def _call(found: re.Match[str], pdk: Pdk) -> str | None:
    """The call; None if the model or the number of nodes is not that of a resistor of the PDK."""
    name, nodes, _, model, settings = found.groups()
    rule = pdk.device(model) if pdk.subcircuits else None
    if rule is None or rule.type != "resistor" or len(nodes.split()) != rule.terminals:
        return None
    sizes = [f"{_name(key, rule)}={_number(key, value, pdk)}" for key, value in _SIZE.findall(settings)]
    kept = [size for size in sizes if size.partition("=")[0] in {*rule.names, "m"}]
    return f"XR{name}{nodes} {model} {' '.join(kept)}"


def _name(key: str, rule: DeviceRule) -> str:
    return {"w": rule.names[0], "l": rule.names[1]}.get(key.lower(), key.lower())


def _number(key: str, text: str, pdk: Pdk) -> str:
    """A length in metres in the PDK's unit; other text unchanged."""
    number = parse_spice_number(text)
    return f"{number / pdk.scale:.10g}" if number is not None and key.lower() in {"w", "l"} else text
