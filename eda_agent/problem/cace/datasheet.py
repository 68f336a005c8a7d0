"""Reading of a CACE datasheet: what a designer wants of a circuit, under which conditions, and how it is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eda_agent.errors import Finding, InputError
from eda_agent.problem.cace.conditions import Condition, read_condition
from eda_agent.problem.located_node import read_plain
from eda_agent.units import QuantityError, any_unit

_DEFAULT = {"minimum": ("minimum", "above"), "maximum": ("maximum", "below")}


@dataclass(frozen=True)
class CaceSpec:
    """A result with its bounds. `name`: of the spec.yaml. `bounds`: minimum and maximum in SI units; without any the
    result is only measured. `unit`: the datasheet's.
    """

    name: str
    result: str
    unit: str
    bounds: Mapping[str, float]


@dataclass(frozen=True)
class CaceParameter:
    """A parameter that ngspice measures: `variables` are the columns of its result file, "" for one not used. `script`:
    the Python file that computes `script_variables` from them, None without one; `root`: the folder where CACE runs it.
    """

    name: str
    template: Path
    variables: tuple[str, ...]
    specs: tuple[CaceSpec, ...]
    conditions: Mapping[str, Condition]
    script: Path | None = None
    script_variables: tuple[str, ...] = ()
    root: Path | None = None


@dataclass(frozen=True)
class Datasheet:
    """A datasheet. `left_out`: what is not measured here, one sentence each."""

    path: Path
    name: str
    pdk: str
    netlists: tuple[Path, ...]
    schematic: Path
    parameters: tuple[CaceParameter, ...]
    left_out: tuple[str, ...] = field(default_factory=tuple)


def is_datasheet(path: Path) -> bool:
    """Whether a file is a datasheet of CACE 2, by its text."""
    if path.suffix.lower() not in {".yaml", ".yml", ".txt"} or not path.is_file():
        return False
    try:
        return "cace_format" in path.read_text(encoding="utf-8", errors="replace")[:1_000_000]
    except OSError:
        return False


def read_datasheet(path: Path) -> Datasheet:
    """Read a datasheet. Raises `InputError`."""
    if path.suffix.lower() == ".txt":
        fix = "cace --save writes it as YAML; then  eda-agent init NAME.yaml"
        raise InputError(Finding("this is CACE's old text format, which CACE 2 reads and saves anew", path, fix=fix))
    data = read_plain(path)
    if not isinstance(data, Mapping) or not isinstance(data.get("parameters"), Mapping):
        raise InputError(Finding("this is no CACE datasheet: it has no `parameters:`", path, fix="cace_format 5"))
    if not str(data.get("cace_format", "")).startswith("5"):
        raise InputError(Finding("only cace_format 5 is read", path, fix="save it with CACE 2"))
    name = str(data.get("name") or path.stem)
    paths = _mapping(data.get("paths"))
    root = (path.parent / str(paths.get("root", ".."))).resolve()
    netlist, schematic = root / str(paths.get("netlist", "netlist")), root / str(paths.get("schematic", "xschem"))
    templates = root / str(paths.get("templates", path.parent.resolve() / "templates"))
    scripts = root / str(paths.get("scripts", path.parent.resolve() / "scripts"))
    defaults = _mapping(data.get("default_conditions"))
    left_out: list[str] = []
    parameters = []
    taken: set[str] = set()
    for key, entry in data["parameters"].items():
        found = _parameter(str(key), _mapping(entry), defaults, templates, taken, left_out)
        if found is not None and found.script is not None:
            found = replace(found, script=scripts / found.script, root=root)
        parameters += [found] if found is not None else []
    if not parameters:
        said = "; ".join(left_out) or "it has no parameter"
        raise InputError(Finding("no parameter of the datasheet is measured by ngspice", path, read=said[:200]))
    places = (netlist / "schematic", netlist, netlist / "layout", netlist / "pex", netlist / "rcx")
    return Datasheet(
        path,
        name,
        str(data.get("PDK") or ""),
        tuple(place / f"{name}.spice" for place in places),
        schematic / f"{name}.sch",
        tuple(parameters),
        tuple(left_out),
    )


def _mapping(value: Any) -> dict[str, Any]:
    return {str(key): entry for key, entry in value.items()} if isinstance(value, Mapping) else {}


def _parameter(
    name: str,
    entry: Mapping[str, Any],
    defaults: Mapping[str, Any],
    templates: Path,
    taken: set[str],
    left_out: list[str],
) -> CaceParameter | None:
    tool = entry.get("tool")
    ngspice = tool.get("ngspice") if isinstance(tool, Mapping) else None
    if not isinstance(ngspice, Mapping):
        kind = next(iter(tool), "no tool") if isinstance(tool, Mapping) else str(tool or "no tool")
        left_out.append(f"{name}: {kind} measures it, not ngspice")
        return None
    if str(entry.get("status", "")) == "skip":
        left_out.append(f"{name}: its status is skip")
        return None
    if collated := ngspice.get("collate"):
        left_out.append(f"{name}: it collects many runs over {collated}; use  eda-agent mc")
        return None
    merged = {key: {**_mapping(defaults.get(key)), **_mapping(value)} for key, value in defaults.items()}
    for key, value in _mapping(entry.get("conditions")).items():
        # values of the parameter replace those of the default; its unit and words stay
        kept = {one: text for one, text in _mapping(defaults.get(key)).items() if one in {"unit", "display"}}
        merged[key] = {**kept, **_mapping(value)}
    usual = {key: _mapping(value).get("typical") for key, value in defaults.items()}
    read = {key: read_condition(key, value, usual.get(key)) for key, value in merged.items()}
    conditions = {key: one for key, one in read.items() if one is not None}
    if any(str(value).startswith("mc") for value in getattr(conditions.get("corner"), "values", ())):
        left_out.append(f"{name}: it is a Monte Carlo run; use  eda-agent mc")
        return None
    columns = tuple("" if one in (None, "null") else str(one) for one in ngspice.get("variables") or ())
    specs = []
    for result, bounds in _mapping(entry.get("spec")).items():
        own = _mapping(bounds)
        unit = str(own.get("unit") or entry.get("unit") or "")
        spec = result if result not in taken else f"{result}_{name}"
        taken.add(spec)
        specs.append(CaceSpec(spec, result, unit, _bounds(f"{name}.{result}", own, unit, left_out)))
    if not specs:
        left_out.append(f"{name}: it has no spec")
        return None
    script = Path(str(ngspice["script"])) if ngspice.get("script") else None
    computed = tuple(str(one) for one in ngspice.get("script_variables") or () if one not in (None, "null"))
    template = templates / str(ngspice.get("template", ""))
    return CaceParameter(name, template, columns, tuple(specs), conditions, script, computed if script else ())


def _bounds(what: str, entry: Mapping[str, Any], unit: str, left_out: list[str]) -> dict[str, float]:
    """Minimum and maximum in SI units."""
    result = {}
    for side, (calculation, limit) in _DEFAULT.items():
        given = _mapping(entry.get(side))
        value = given.get("value")
        if value in (None, "any") or given.get("fail") is False:
            continue
        if (given.get("calculation", calculation), given.get("limit", limit)) != (calculation, limit):
            left_out.append(f"{what}: {side} has a calculation or limit of its own")
            continue
        try:
            factor = float(any_unit(unit).factor) if unit and unit != "%" else 1.0
            result[side] = float(f"{float(value) * factor:.12g}")
        except (QuantityError, TypeError, ValueError):
            left_out.append(f"{what}: {side} {value!r} {unit} cannot be read")
    if _mapping(entry.get("typical")).get("value") not in (None, "any"):
        left_out.append(f"{what}: its typical value is no bound")
    return result
