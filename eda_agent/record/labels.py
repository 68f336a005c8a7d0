"""Labels are the texts and plain data that every view uses for specs, parameters, bounds and verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from eda_agent.closeness import is_close
from eda_agent.units import EXACT, base_unit, format_quantity, shown_unit

if TYPE_CHECKING:  # fronts need the texts without loading the problem's classes
    from eda_agent.problem.spec import Problem, Spec


def spec_table(problem: Problem) -> list[dict[str, Any]]:
    """The specs as plain data, for events and tables. Numbers are in `unit`; `shown` is the unit for people."""
    return [
        {
            "name": spec.name,
            "metric": spec.metric.name,
            "unit": base_unit(spec.metric.unit),
            "shown": spec.shown_unit,
            "minimum": spec.minimum,
            "maximum": spec.maximum,
            "weight": spec.weight,
            "objective": spec.objective,
            "worst": spec.worst,
            "corners": list(spec.corners),
            **({"asked": list(spec.asked)} if spec.asked is not None else {}),
            **({"devices": list(spec.devices)} if spec.devices else {}),
            **({"at": at} if (at := _measured_at(problem, spec)) else {}),
        }
        for spec in problem.specs
    ]


def _measured_at(problem: Problem, spec: Spec) -> dict[str, float]:
    """The frequency or the band (Hz) of a metric that has one, in the first corner: setting → value."""
    from eda_agent.problem.settings import work_out

    bench = problem.testbenches.get(spec.testbench)
    if bench is None or not spec.metric.at or not set(spec.metric.at) <= bench.settings.keys():
        return {}
    values = work_out(bench.settings, problem.corners[0])
    return {name: values[name] for name in spec.metric.at}


def policies_text(policies: Sequence[Mapping[str, Any]]) -> str:
    """`auto, then trust from turn 61` (`RunState.policies`)."""
    first, *later = policies
    return ", then ".join([str(first["name"]), *(f"{one['name']} from turn {one['from']}" for one in later)])


def versions_text(hello: Mapping[str, Any]) -> str:
    """The versions with which a run was made, from its first event; those of old journals are unknown."""
    parts = [f"eda-agent {hello.get('version', 'unknown')}"]
    parts += [
        f"{program} {hello[key]}" for program, key in (("ngspice", "ngspice"), ("Python", "python")) if hello.get(key)
    ]
    return ", ".join(parts)


def corner_table(problem: Problem) -> list[dict[str, Any]]:
    """The corners as plain data, complete enough to simulate in them."""
    return [
        {
            "name": one.name,
            "process": one.process,
            "vdd": one.vdd,
            "temperature": one.temperature,
            "settings": dict(one.settings),
        }
        for one in problem.corners
    ]


def parameter_table(problem: Problem) -> list[dict[str, Any]]:
    """The parameters as plain data, for events and tables. `least` and `most` are the limits of the PDK's models, where
    a parameter has such; `lowest` and `highest` are the ends of its range as they are drawn, in a run with a layout.
    """
    from eda_agent.problem.model_limits import model_limits

    limits = {entry.name: model_limits(problem, entry) for entry in problem.space.parameters}
    return [
        {
            "name": entry.name,
            "unit": entry.unit,
            "minimum": entry.minimum,
            "maximum": entry.maximum,
            "scale": entry.scale,
            "step": entry.step,
            "role": entry.role,
            "locked": entry.locked,
            **dict(zip(("least", "most"), limits[entry.name], strict=False)),
            **(
                {"lowest": entry.snap(entry.minimum), "highest": entry.snap(entry.maximum)}
                if entry.drawn is not None and not entry.locked
                else {}
            ),
        }
        for entry in problem.space.parameters
    ]


def end_text(parameter: Mapping[str, Any], value: float) -> str:
    """`at its minimum` or `at its maximum` of a value at an end of its parameter's range, as it is drawn, else ""."""
    low, high = parameter["minimum"], parameter["maximum"]
    if low >= high or parameter.get("locked"):
        return ""
    if value <= max(low, parameter.get("lowest", low)):
        return "at its minimum"
    return "at its maximum" if value >= min(high, parameter.get("highest", high)) else ""


def target_text(spec: Mapping[str, Any]) -> str:
    """`≥ 60 dB`; of a target tightened for yield also the user's: `≥ 62 dB, asked ≥ 60 dB`."""
    text = _bounds_text(spec, (spec.get("minimum"), spec.get("maximum")))
    asked = _bounds_text(spec, spec["asked"]) if spec.get("asked") else text
    return text if asked == text else f"{text}, asked {asked}"


def _bounds_text(spec: Mapping[str, Any], bounds: Sequence[float | None]) -> str:
    return " ".join(
        f"{sign} {format_quantity(bound, shown_unit(spec), EXACT)}"
        for bound, sign in zip(bounds, "≥≤", strict=True)
        if bound is not None
    )


def verdict(spec: Mapping[str, Any], result: Mapping[str, Any]) -> Literal["pass", "thin", "near", "fail"]:
    """The verdict of a result in its worst corner, in every front: a spec is met (pass; thin if its value is close to
    the target) or missed (fail; near if it is close). `is_close` says what is close.
    """
    close = is_close(spec, result.get("value"), result.get("bound", ""))
    if result.get("met"):
        return "thin" if close else "pass"
    return "near" if close else "fail"


Found = tuple[float | None, str]
"""A value and its bound: ">" or "<" if it is censored, else ""."""


def corner_summary(corners: Sequence[str]) -> tuple[str, str, str, str]:
    """The headings of a spec over many corners, in every front: lowest value, value in the first corner, highest value,
    corner with the least margin. The first corner is named if its name does not say that it is the typical one.
    """
    first = corners[0] if corners else "typ"
    return "min", "typ" if first.lower().startswith(("nominal", "typ", "tt")) else first, "max", "worst in"


def found_in(evaluation: Mapping[str, Any], spec: str, corners: Sequence[str]) -> list[Found]:
    """The value of a spec in each corner, from an evaluation as event data; old journals have no bounds."""
    values = evaluation.get("values", {})
    bounds = {corner: bound for corner, name, bound in evaluation.get("bounds", ()) if name == spec}
    return [(values.get(corner, {}).get(spec), bounds.get(corner, "")) for corner in corners]


def extremes(found: Sequence[Found]) -> tuple[Found, Found]:
    """The lowest and the highest value; a value known only to lie beyond its bound leaves that end open."""
    known = [value for value, _ in found if value is not None]
    bounds = {bound for _, bound in found}
    return (min(known, default=None), "<" if "<" in bounds else ""), (
        max(known, default=None),
        ">" if ">" in bounds else "",
    )
