"""A scripted expert sizes a two-stage Miller op-amp with textbook formulas. It reads the text of the prompt and nothing
else, so it shows that the prompt has what the next step needs.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from eda_agent.units import format_quantity, parse_quantity, read_unit

_NUMBER = re.compile(r"[<>]?\s*(-?[\d.]+)([afpnumkMG]?)!?$")


def _number(text: str, unit: str) -> float:
    """A cell in the unit of its spec; nan for none."""
    found = _NUMBER.match(text.strip())
    return parse_quantity(f"{found[1]} {found[2]}{unit}", unit) if found else math.nan


@dataclass
class Read:
    """What the prompt says: bounds and worst values of the specs, sizes and their ranges, the bias table, roles."""

    bounds: dict[str, float]
    values: dict[str, float]
    sizes: dict[str, float]
    ranges: dict[str, tuple[float, float]]
    bias: dict[str, dict[str, float]]
    roles: dict[str, str]
    shares: dict[str, float]
    load: float

    def of(self, role: str) -> dict[str, float]:
        """The bias of the first device with a role."""
        return next(self.bias[name] for name, one in self.roles.items() if one == role)


def read(prompt: str) -> Read:
    """Read a prompt."""
    lines = prompt.splitlines()
    roles = {m[1].lower(): m[2] for m in re.finditer(r"^(XM\d+) .* ; (.+)$", prompt, re.M)}
    asked = {m[1]: m[2] for m in re.finditer(r"^- (\w+) [≥≤] ([\d.]+ \S+?):", prompt, re.M)}
    bounds = {name: parse_quantity(text, text.split()[-1]) for name, text in asked.items()}
    columns = next(line for line in lines if line.startswith("turn|score")).split("|")
    best = re.search(r"^## Best: turn (\d+)", prompt, re.M)[1]  # type: ignore[index]  # always there
    rows = {line.split("|")[0]: line.split("|") for line in lines if re.match(r"\d+\|", line)}
    values = {
        name: _number(cell, read_unit(asked[name].split()[-1]).stem)
        for name, cell in zip(columns[2:], rows[best][2:], strict=False)
        if name in bounds
    }
    sizes_line = re.search(r"^Sizes: (.*)$", prompt, re.M)
    sizes_text = sizes_line[1] if sizes_line else rows["0"][len(bounds) + 2]
    sizes = {name: parse_quantity(text) for name, text in (pair.split("=") for pair in sizes_text.split())}
    ranges = {
        m[1]: (parse_quantity(m[2]), parse_quantity(m[3]))
        for m in re.finditer(r"(?:^|, )(\w+) ([\d.]+\w?)–([\d.]+\w?)(?=$|[:,])", prompt, re.M)
    }
    start = next(index for index, line in enumerate(lines) if line.startswith("device|"))
    names = [cell.split()[0] for cell in lines[start].split("|")]
    bias = {}
    for line in lines[start + 1 :]:
        cells = line.split("|")
        if len(cells) != len(names):
            break
        row = {name: float(re.split("[– ]", cell)[0]) for name, cell in zip(names[1:], cells[1:], strict=True)}
        bias |= dict.fromkeys(cells[0].split(), row)
    shares = {
        name: float(m[2]) / 100
        for m in re.finditer(r"([\w ]+) (\d+) %", _line(lines, "Noise power").partition("): ")[2])
        for name in m[1].split()
    }
    load = parse_quantity(re.search(r"load ([\d.]+ \w+)", prompt)[1], "F")  # type: ignore[index]  # always there
    return Read(bounds, values, sizes, ranges, bias, roles, shares, load)


def _line(lines: list[str], start: str) -> str:
    return next((line for line in lines if line.startswith(start)), "")


def next_sizes(prompt: str) -> dict[str, str]:
    """The next sizing: a design from scratch at the netlist's own sizes, corrections afterwards."""
    seen = read(prompt)
    sizes = _first(seen) if "## Best: turn 0" in prompt else _correct(seen)
    clipped = {name: min(max(value, seen.ranges[name][0]), seen.ranges[name][1]) for name, value in sizes.items()}
    return {name: format_quantity(value) for name, value in clipped.items()}


def _first(seen: Read) -> dict[str, float]:
    """Currents from slew rates, gm from the gain-bandwidth, areas from noise, poles from the phase margin."""
    size, bound, unit = seen.sizes, seen.bounds, seen.of("bias diode")["Id"] * 1e-6
    pair, output, mirror = seen.of("input pair"), seen.of("output device"), seen.of("load mirror")
    new = {}
    # the pair's share of the noise power falls with its area; half of it to W as far as the range goes
    area = size["W12"] * size["L12"] * (seen.values["input_noise"] / (0.75 * bound["input_noise"])) ** 2
    new["W12"] = min(seen.ranges["W12"][1], 4 * math.sqrt(area))
    new["L12"] = area / new["W12"]
    new["Cc"] = cc = 0.25 * seen.load
    # weak inversion in a wide pair
    gm = 2 * math.pi * 1.5 * bound["gbw"] * cc
    new["m5"] = math.ceil(max(2 * gm / max(pair["gm/Id"], 20.0), 1.4 * bound["slew_rate_up"] * cc) / unit)
    new["m7"] = math.ceil(1.5 * bound["slew_rate_down"] * (seen.load + cc) / unit)
    current = new["m7"] * unit
    more = current / (output["Id"] * 1e-6)
    new["L6"] = max(seen.ranges["L6"][0], 0.5 * size["L6"])
    new["W6"] = size["W6"] * more * new["L6"] / size["L6"]
    # equal Vgs in mirror and output device: no systematic offset
    ratio = (new["m5"] * unit / 2) / (mirror["Id"] * 1e-6)
    new["W34"] = size["W34"] * ratio * new.get("L34", size["L34"]) / size["L34"]
    gm6 = output["gm"] * 1e-6 * more
    # the zero on the second pole
    new["Rz"] = (seen.load + cc) / (gm6 * cc)
    return size | new


def _correct(seen: Read) -> dict[str, float]:
    """One factor per missed spec."""
    size, new = seen.sizes, {}

    def short(name: str, least: bool = True) -> float:
        """The factor by which a spec misses its bound, 1 if it is met."""
        value, bound = seen.values[name], seen.bounds[name]
        if math.isnan(value):
            return 1.3
        return max(1.0, bound / value if least else value / bound)

    if (more := short("input_noise", least=False)) > 1:
        area = size["W12"] * size["L12"] * (1.05 * more) ** 2
        new["L12"] = min(size["L12"] * (1.05 * more) ** 2, seen.ranges["L12"][1])
        new["W12"] = area / new["L12"]
    if (more := short("slew_rate_down")) > 1:
        new["m7"] = math.ceil(size["m7"] * 1.05 * more)
        new["W6"] = size["W6"] * 1.05 * more
    if (more := max(short("gbw"), short("slew_rate_up"))) > 1:
        new["m5"] = math.ceil(size["m5"] * 1.1 * more)
        new["W34"] = size["W34"] * new["m5"] / size["m5"]
    lag = seen.bounds["phase_margin"] - seen.values["phase_margin"]
    if lag > 0 and not math.isnan(lag):
        # a lower crossover, if the gain-bandwidth has room, or a faster second pole
        room = seen.values["gbw"] / seen.bounds["gbw"]
        new["Cc"] = size["Cc"] * min(1.15, max(1.03, room))
        new["m7"] = math.ceil(new.get("m7", size["m7"]) * (1 + lag / 60))
        new["W6"] = new.get("W6", size["W6"]) * (1 + lag / 60)
    if (lack := seen.bounds["dc_gain"] - seen.values["dc_gain"]) > 0:
        new["L34"] = size["L34"] * (1 + lack / 10)
        new["W34"] = new.get("W34", size["W34"]) * (1 + lack / 10)
        new["L6"] = size["L6"] * (1 + lack / 20)
        new["W6"] = new.get("W6", size["W6"]) * (1 + lack / 20)
    if seen.values["saturation"] < seen.bounds["saturation"]:
        new["Wb"] = size["Wb"] * 1.5
    if not new:
        new["Rz"] = size["Rz"] * 1.2
    return size | new
