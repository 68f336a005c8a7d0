"""A circuit of AMS-SizingBench that Python code of the suite measures has a testbench of ours instead, where the file's
own netlist suffices and the quantities are usual ones.

The devices with variables become a subcircuit, the rest of the file's netlist (sources and load) stays around it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_STAGE = """
.control
op
let power_uw = abs(i(vdd))*{vdd}*1e6
let output_swing_v = min(v(vout), {vdd}-v(vout))
print power_uw output_swing_v
ac dec 100 1 10G
let response = vdb(vout)-vdb(vin)
let gain_db = response[0]
let lower = gain_db-3
meas ac bandwidth_hz when response=lower fall=1
let bandwidth_mhz = bandwidth_hz*1e-6
print gain_db bandwidth_mhz
.endc
.end
"""
_SCRIPTS = {"resistive_load_amp": _STAGE, "diode_load_amp": _STAGE}
"""Circuit type → script. Gain at 1 Hz, the frequency at which it is 3 dB lower, the supply's power, and the distance of
the output to the nearer rail."""
_NETS = {"x": (1, -1), "m": (1, 5), "r": (1, 3), "c": (1, 3), "l": (1, 3)}
"""First letter of a device → where the words of its nets begin and end."""


def with_own_testbench(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """A file of the suite with a subcircuit and a testbench that measures.

    Args:
        data: the file, with a `circuit_type`.

    Returns:
        the file as those without a `circuit_type` are; None if ours cannot measure it.
    """
    script = _SCRIPTS.get(str(data.get("circuit_type")))
    lines = [line.strip() for line in str(data["ota_subckt_template"]).splitlines()]
    lines = [line for line in lines if line and not line.startswith("*")]
    if script is None or any(line.startswith((".", "+")) for line in lines):
        return None
    variables = [f"{{{name}}}" for name in data["variable"]]
    inside = [line for line in lines if any(name in line for name in variables)]
    around = [line for line in lines if line not in inside]
    if any(line[:1].lower() not in _NETS for line in inside):
        return None
    outer = {word.upper() for line in around for word in line.split()}
    nets = dict.fromkeys(net.upper() for line in inside for net in _nets(line))
    ports = [net for net in nets if net in outer and net != "GND"]
    if not {"VDD", "VIN", "VOUT"} <= {*ports}:
        return None
    name = str(data["subckt_name"])
    circuit = [f".subckt {name} {' '.join(ports)} VSS", *(_renamed(line, "VSS") for line in inside), f".ends {name}"]
    bench = ["* a testbench of eda-agent", ".lib {pdk_lib_path} tt", "{ota_subckt}"]
    bench += [*(_renamed(line, "0") for line in around), f"Xdut {' '.join(ports)} 0 {name}"]
    return {
        **data,
        "circuit_type": None,
        "ota_subckt_template": "\n".join(circuit),
        "testbench_template": "\n".join(bench) + script,
    }


def _nets(line: str) -> list[str]:
    words = line.split()
    words = words[: next((place for place, word in enumerate(words) if "=" in word), len(words))]
    first, last = _NETS[line[0].lower()]
    return words[first:last]


def _renamed(line: str, ground: str) -> str:
    return re.sub(r"\bGND\b", ground, line, flags=re.IGNORECASE)
