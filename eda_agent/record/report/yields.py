"""Monte Carlo in a report: yield, mean, sigma and the distance to the limit of each spec, with its distribution."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from eda_agent.record.axis import Axis
from eda_agent.record.distribution import histogram, normal_plot
from eda_agent.record.labels import target_text
from eda_agent.spec_text import cpk_text, sigmas_text, value_text
from eda_agent.units import EXACT, counted, format_quantity, shown_unit

_FEW_CORNERS = 5
"""Corners that are named one by one."""


def yields(
    data: Mapping[str, Any], specs: Sequence[Mapping[str, Any]], least: tuple[str, str] | None = None
) -> dict[str, Any]:
    """The yields of the samples, as the page shows them.

    Args:
        data: the output of `mc --json`.
        least: (spec, corner) of the least margin.

    Returns:
        `summary`: the yield of all specs as a sentence, with the corners of the samples; `kind`: pass or fail; `rows`:
        the numbers of each spec, the lowest yield first; `plots`: drawings of each spec that varies.
    """
    shown = [
        (_limited(spec, data["specs"][spec["name"]]), data["specs"][spec["name"]])
        for spec in specs
        if spec["name"] in data["specs"]
    ]
    shown.sort(key=lambda pair: (pair[1]["yield"], _sigmas(*pair)))
    plots = [drawing for spec, found in shown if found["deviation"] for drawing in _drawings(spec, found)]
    varied = "process and mismatch" if data.get("process") else "mismatch"
    summary = (
        f"{data['passed']} of {data['samples']} samples meet every spec in {_corners(data['corners'], least)}"
        f"{_stopped(data)}"
        f", with {varied}, seed {data['seed']}: yield {_share(data['yield'], data['interval'])}."
    )
    if any(spec.get("asked") for spec in specs):
        summary += " The limits are the targets asked for, without the guard band."
    kind = "pass" if data["passed"] == data["samples"] else "fail"
    return {"summary": summary, "kind": kind, "rows": [_row(spec, found) for spec, found in shown], "plots": plots}


def _limited(spec: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """The spec with the limits that the samples were graded by: those asked for, without a guard band."""
    limits = {side: found.get(side, spec[side]) for side in ("minimum", "maximum")}
    return {key: value for key, value in {**spec, **limits}.items() if key != "asked"}


def _corners(corners: Sequence[str], least: tuple[str, str] | None) -> str:
    """The corners by name, and where they stand to the corner of the least margin."""
    names = ", ".join(corners) if len(corners) <= _FEW_CORNERS else f"the worst of {len(corners)} corners"
    if least is None or len(corners) > 1:
        return names
    spec, corner = least
    if corner in corners:
        return f"{names}, the corner of the least margin ({spec})"
    return f"{names} (the least margin, of {spec}, is in {corner}: --mc-corner {corner})"


def _stopped(data: Mapping[str, Any]) -> str:
    """That Ctrl-C ended the samples early; reports of older runs do not know."""
    wanted = data.get("wanted", data["samples"])
    return f", interrupted: {wanted} were asked for" if wanted > data["samples"] else ""


def _share(share: float, interval: Sequence[float]) -> str:
    low, high = interval
    return f"{100 * share:.1f} % (95 % interval {100 * low:.1f} to {100 * high:.1f} %)"


def _sigmas(spec: Mapping[str, Any], found: Mapping[str, Any]) -> float:
    """Standard deviations from the mean to the nearer limit; infinite for a spec that does not vary."""
    mean, sigma = found["mean"], found["deviation"]
    if mean is None or not sigma:
        return math.inf
    low, high = spec["minimum"], spec["maximum"]
    return min(
        (mean - low) / sigma if low is not None else math.inf, (high - mean) / sigma if high is not None else math.inf
    )


def _row(spec: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    unit, sigmas = shown_unit(spec), _sigmas(spec, found)
    censored = sum(bool(bound) for bound in found.get("bounds", ()))
    unmeasured = sum(value is None for value in found["values"])
    notes = [f"{censored} censored"] * bool(censored) + [f"{unmeasured} not measured"] * bool(unmeasured)
    return {
        "name": spec["name"],
        "target": target_text(spec),
        "mean": value_text(spec, found["mean"], digits=4, inside=True),
        "sigma": format_quantity(found["deviation"], unit, 3),
        "sigmas": f"{sigmas_text(sigmas)} σ" if math.isfinite(sigmas) else "—",
        "cpk": cpk_text(sigmas / 3) if math.isfinite(sigmas) else "—",
        "yield": _share(found["yield"], found["interval"]),
        "kind": "pass" if found["yield"] == 1 else "fail",
        "notes": ", ".join(notes),
    }


def _drawings(spec: Mapping[str, Any], found: Mapping[str, Any]) -> list[Markup]:
    unit, mean, sigma = shown_unit(spec), found["mean"], found["deviation"]
    values = [
        value
        for value, bound in zip(found["values"], found.get("bounds") or [""] * len(found["values"]), strict=True)
        if value is not None and not bound
    ]
    limits = {name: spec[side] for name, side in (("min", "minimum"), ("max", "maximum")) if spec[side] is not None}
    # a limit many sigmas away would leave the distribution a single bar
    named = {f"{name} {format_quantity(limit, unit, EXACT)}": limit for name, limit in limits.items()}
    near = {name: limit for name, limit in named.items() if abs(limit - mean) < 12 * sigma}
    beyond = {name: limit for name, limit in named.items() if name not in near}
    lines = {**near, "mean": mean, "−σ": mean - sigma, "+σ": mean + sigma}
    name = spec["name"]
    axis = Axis(name, unit)
    counts = f"{name}: {counted(len(values), 'sample')}"
    # the titles are escaped where they are drawn
    return [
        Markup(histogram(counts, values, axis, lines, list(near), beyond)),  # noqa: S704  # escaped
        Markup(normal_plot(f"{name}: normal quantiles", values, axis, near, mean, sigma, beyond)),  # noqa: S704  # escaped
    ]
