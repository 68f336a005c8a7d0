"""A circuit of AMS-SizingBench (arXiv:2602.02849) is a YAML file: SPICE templates with `{placeholders}`, the values
that each variable may have, and the metrics with their targets.

The file becomes a deck, whose variables are `.param` lines, and a spec. Between the values of a variable, any value on
the PDK's grid may be chosen.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from eda_agent.bench.public.figure_of_merit import with_figure
from eda_agent.bench.public.imported import Imported, NotRunnable
from eda_agent.bench.public.measured_here import with_own_testbench
from eda_agent.files import read_file, write_text
from eda_agent.problem.model_libraries import pdk_in
from eda_agent.problem.pdk import Pdk, find_pdk
from eda_agent.spice_numbers import parse_spice_number

NEEDED = ("testbench_template", "ota_subckt_template", "variable", "user_specs_metric", "metrics")
_TARGET = re.compile(r"(\w+)\s*(>=|<=|>|<)\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)")
_UNITS = {"dB": "dB", "MHz": "Hz", "kHz": "Hz", "µW": "W", "ps": "s", "ns": "s", "V": "V", "mV": "V", "°": "deg"}
_GRID = 0.01
_LARGEST = 100.0
"""In um, of the widths of SKY130 and GF180."""
_MAX = 1_000_000
_TIMEOUT = 120
"""Of the suite, in seconds."""
_SCALE = re.compile(r"^[ \t]*\.options?[ \t]+scale[ \t]*=[ \t]*(?P<factor>\S+)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_NUMBERED = re.compile(r"^[ \t]*x\S.*[ \t][wl][ \t]*=[ \t]*[\d.]", re.MULTILINE | re.IGNORECASE)
"""An instance with a number for its width or length."""
_MARK = re.compile(r"^ota_subckt_template:", re.MULTILINE)


def files_of(folder: Path) -> list[Path]:
    """The circuits of the suite in a folder, or in one folder inside it."""
    for place in (folder, *sorted(one for one in folder.iterdir() if one.is_dir())):
        found = [file for file in sorted(place.glob("*.yaml")) if _MARK.search(_text(file))]
        if found:
            return found
    return []


def import_file(file: Path, folder: Path) -> Imported:
    """Write the deck and the spec of a circuit into a folder."""
    try:
        # as the suite reads it: of two equal keys the last counts
        data = yaml.safe_load(_text(file))
        deck, spec, remarks = _converted(file.stem, data)
    except (yaml.YAMLError, RecursionError) as error:
        return Imported(file.stem, why=f"its file cannot be read: {' '.join(str(error).split())[:200]}")
    except NotRunnable as error:
        return Imported(file.stem, why=str(error))
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "tb.spice", deck)
    write_text(folder / "spec.yaml", spec)
    return Imported(file.stem, folder / "spec.yaml", remarks=remarks, ours=bool(data.get("circuit_type")))


def _text(file: Path) -> str:
    try:
        return read_file(file, _MAX).decode("utf-8", errors="replace")
    except OSError:
        return ""


def _converted(name: str, data: Any) -> tuple[str, str, tuple[str, ...]]:
    """(deck, spec, remarks) of a circuit."""
    if not isinstance(data, Mapping):
        raise NotRunnable("its file is not a mapping")
    if missing := [key for key in NEEDED if not data.get(key)]:
        raise NotRunnable(f"its file has no {', '.join(missing)}")
    if kind := data.get("circuit_type"):
        ours = with_own_testbench(data)
        if ours is None:
            raise NotRunnable(
                f"its testbench measures nothing: Python code of the suite measures it (circuit_type {kind})"
            )
        data = ours
    pdk, library = _pdk(data)
    subckt = str(data.get("subckt_name", ""))
    if not re.search(rf"^\s*\.subckt\s+{re.escape(subckt)}\b", str(data["ota_subckt_template"]), re.I | re.M):
        raise NotRunnable(f"its circuit is not the subcircuit {subckt} that its file names")
    params = {str(key): str(value) for key, value in (data.get("params") or {}).items()}
    remarks: list[str] = []
    bench, micrometres = _in_metres(str(data["testbench_template"]), str(data["ota_subckt_template"]), pdk)
    scaled = {**(data.get("width_scales") or {}), **(data.get("length_scales") or {})}
    factors = {str(pair[0]): float(pair[1]) for pair in scaled.values() if _is_scale(pair)}
    choices = {
        str(one): _choices(str(one), data, micrometres, _LARGEST / max(factors.get(str(one), 1.0), 1.0), remarks)
        for one in data["variable"]
    }
    names = {variable: variable for variable in choices}
    # the netlists of SKY130 are in um, those of other PDKs in metres
    cards = [
        f".param {variable}={values[len(values) // 2]:g}{'' if pdk.scale != 1 or not _is_side(variable) else 'u'}"
        for variable, values in choices.items()
    ]
    for final, pair in scaled.items():
        if not _is_scale(pair) or pair[0] not in choices:
            raise NotRunnable(f"the scale of {final} is not [variable, factor]")
        plain = str(final) if re.fullmatch(r"[A-Za-z]\w*", str(final)) else f"scaled_{len(names)}"
        names[str(final)] = plain
        cards.append(f".param {plain}={{{pair[0]}*{float(pair[1]):g}}}")
    pins = " ".join(_net(str(pin), data.get("testbench_signals") or {}) for pin in data.get("subckt_pins", ()))
    fixed = {**params, "subckt_name": subckt, "inst_pins": pins, "pdk_lib_path": library}
    circuit = _rendered(str(data["ota_subckt_template"]), fixed, names)
    bench = _rendered(bench, {**fixed, "ota_subckt": circuit}, names)
    title, _, rest = bench.lstrip().partition("\n")
    deck = f"{title}\n" + "\n".join(cards) + f"\n{rest}"
    targets = _TARGET.findall(str(data["user_specs_metric"]))
    deck = with_figure(deck, targets, data.get("metric_post") or {}, remarks)
    return deck, _spec(name, data, subckt, pdk.name, choices, params, deck), tuple(remarks)


def _pdk(data: Mapping[str, Any]) -> tuple[Pdk, str]:
    """(PDK, file of its library) of a circuit."""
    library = Path(str(data.get("pdk_lib_path") or "sky130.lib.spice")).name
    name = pdk_in(f'.lib "{library}" tt')
    if not name:
        raise NotRunnable(f"its models are {library}, of no PDK that is known")
    return find_pdk(name), library


def _in_metres(bench: str, circuit: str, pdk: Pdk) -> tuple[str, float]:
    """(testbench without `.option scale`, um per unit of the file's widths and lengths)."""
    found = list(_SCALE.finditer(bench))
    if pdk.scale != 1 or not found:
        return bench, pdk.scale * 1e6
    if _NUMBERED.search(circuit + bench):
        raise NotRunnable("its .option scale also counts for sizes that its file does not vary")
    factor = parse_spice_number(found[-1]["factor"])
    if factor is None:
        raise NotRunnable(f"its option scale={found[-1]['factor']} is no number")
    return _SCALE.sub("", bench), factor * 1e6


def _is_side(variable: str) -> bool:
    return variable[:1] in "WL"


def _is_scale(pair: Any) -> bool:
    return isinstance(pair, Sequence) and len(pair) == 2 and isinstance(pair[1], int | float)


def _choices(
    variable: str, data: Mapping[str, Any], micrometres: float, largest: float, remarks: list[str]
) -> list[float]:
    """The values of a variable; those of a width or length in um."""
    factor = micrometres if _is_side(variable) else 1.0
    given = data.get(f"{variable}_values") or data.get(f"{variable[:1]}_values") or ()
    try:
        values = sorted(float(f"{float(value) * factor:.9g}") for value in given)
    except (TypeError, ValueError):
        values = []
    if not values:
        raise NotRunnable(f"its file gives no values for {variable}")
    if _is_side(variable) and values[0] > largest:
        raise NotRunnable(f"{variable} is {values[0]:g} um or more, and the models end at {largest:.4g} um")
    if _is_side(variable) and values[-1] > largest:
        remarks.append(f"{variable} up to {largest:.4g} um, which the models cover, not {values[-1]:g}")
        values = [*(value for value in values if value < largest), math.floor(largest / _GRID) * _GRID]
    return values


def _net(pin: str, signals: Mapping[Any, Any]) -> str:
    """The net of the bench at a pin, by the rule of the suite."""
    for name, net in signals.items():
        if str(name).upper() == pin.upper():
            return str(net)
    return "0" if pin.upper() in {"0", "GND"} else f"{pin.lower()}_internal"


def _rendered(template: str, fixed: Mapping[str, str], names: Mapping[str, str]) -> str:
    """A template with its placeholders filled: a variable by its `.param`, in braces unless it stands in some."""
    result = ""
    try:
        for literal, field, _, _ in string.Formatter().parse(template):
            result += literal
            if field is None:
                continue
            if field in fixed:
                result += fixed[field]
            elif field in names:
                result += names[field] if result.count("{") > result.count("}") else f"{{{names[field]}}}"
            else:
                raise NotRunnable(f"its file gives no value for the placeholder {{{field}}}")
    except ValueError as error:
        raise NotRunnable(f"its template cannot be read: {error}") from None
    return result


def _spec(
    name: str,
    data: Mapping[str, Any],
    subckt: str,
    pdk: str,
    choices: Mapping[str, Sequence[float]],
    params: Mapping[str, str],
    deck: str,
) -> str:
    """The text of spec.yaml."""
    lines = [f"name: {re.sub(r'[^A-Za-z0-9_]', '_', name)}", "circuit: tb.spice", f"subckt: {subckt.lower()}"]
    lines += [f"pdk: {pdk}", "parameters:"]
    for variable, values in choices.items():
        side = _is_side(variable)
        bounds = (f"{values[0]:g}u", f"{values[-1]:g}u") if side else (f"{values[0]:g}", f"{values[-1]:g}")
        step = f", step: {_GRID:g}u" if side else ""
        lines.append(f"  {variable}: {{min: {bounds[0]}, max: {bounds[1]}{step}, scale: log}}")
    lines += ["testbenches:", "  tb: {deck: tb.spice}", "specs:"]
    lines += _targets(data, deck)
    supply = next((params[key] for key in ("vdd", "vdd_voltage", "VDD") if key in params), "1.8")
    lines += ["corners:", f"  nominal: {{process: tt, vdd: {supply}, temperature: {params.get('temp', '27')}}}"]
    timeout = data.get("timeout_sec")
    timeout = timeout if isinstance(timeout, int | float) and timeout > 0 else _TIMEOUT
    return "\n".join([*lines, f"budget: {{simulations: 100, timeout: {timeout}}}", ""])


def _targets(data: Mapping[str, Any], deck: str) -> list[str]:
    """The suite's targets (`gain_db > 60 AND …`) in SI units."""
    text, post = str(data["user_specs_metric"]), data.get("metric_post") or {}
    left = re.sub(r"\bAND\b", "", _TARGET.sub("", text)).strip()
    if left:
        raise NotRunnable(f"its targets cannot be read: {left[:60]}")
    bounds: dict[str, dict[str, float]] = {}
    for metric, sign, value in _TARGET.findall(text):
        shown = post.get(metric) or {}
        scale = float(shown.get("scale", 1) or 1)
        bounds.setdefault(metric, {})["minimum" if sign.startswith(">") else "maximum"] = float(value) / scale
    lines = []
    for metric, sides in bounds.items():
        if metric.startswith("fom") and not re.search(r"^\s*let fom\b", deck, re.M):
            continue
        shown = post.get(metric) or {}
        prefixed = str(shown.get("unit", "")) in {"dB", "V", "°"} or float(shown.get("scale", 1) or 1) != 1
        unit = _UNITS.get(str(shown.get("unit", "")), "") if prefixed else ""
        cells = "".join(f", {side}: {value:.10g}" for side, value in sides.items())
        lines.append(f"  {metric.lower()}: {{testbench: tb{f', unit: {unit}' if unit else ''}{cells}}}")
    return lines
