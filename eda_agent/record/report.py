"""A report is one HTML page about a run. It contains all its resources, so it opens offline and can be mailed."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from eda_agent.errors import InputError, visible
from eda_agent.insight.complete import partial
from eda_agent.insight.explain import what_moved
from eda_agent.insight.plot_labels import DEFAULT, clipped
from eda_agent.insight.saturation import saturation_text
from eda_agent.insight.transfer import decibels, transfer, unwrapped
from eda_agent.insight.verdict import judge
from eda_agent.metrics.waveform import LOOP
from eda_agent.record.fold import RunState
from eda_agent.record.labels import found_in, target_text, verdict
from eda_agent.record.plot import STYLE, Axis, Line, Plot, histogram, line_plot
from eda_agent.record.repeat_commands import repeat_commands
from eda_agent.spec_text import moved_texts, result_margin, value_text
from eda_agent.units import counted, format_quantity, format_score, shown_unit

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head><body>
<main>{body}</main>
<script>{script}</script></body></html>
"""


def escape(text: str) -> str:
    """Text of a policy or a simulator, escaped and without control characters."""
    return html.escape(visible(text))


def html_report(
    state: RunState,
    *,
    diff: str = "",
    waveforms: Mapping[tuple[str, str], Mapping[str, Any]] | None = None,
    monte_carlo: Mapping[str, Any] | None = None,
    about: Mapping[str, Mapping[str, Any]] | None = None,
) -> str:
    """The page.

    Args:
        waveforms: (testbench, corner) → kind → {axis, probes}, as workers send them.
        about: testbench → plot labels (`insight.plot_labels`).
        monte_carlo: the output of `mc --json`.
    """
    begun, best = state.started, best_turn(state)
    title = f"{begun['problem']}: {'met' if best['met'] else 'not met'}"
    outcome = "✓ every spec met in every corner" if best["met"] else "✗ not every spec met"
    parts = [
        f"<h1>{escape(begun['problem'])}</h1>",
        f'<p class="big {"pass" if best["met"] else "fail"}">{outcome}'
        f" · score {format_score(best['score'])} at turn {best['index']}</p>",
        f"<p>{escape(_summary(state))}</p>",
        "<h2>Specs</h2>",
        _specs(state, best),
        *(f'<p class="near">! {escape(line)}</p>' for line in saturation_text(begun, state.verified, best)),
        *_verdict(state),
        "<h2>Best score so far</h2>",
        line_plot(
            Plot(
                "best score so far",
                Axis("turn", whole=True),
                Axis("score"),
                [Line("score", list(range(len(state.curve))), state.curve)],
                width=900,
                height=260,
            )
        ),
        "<h2>Sizes</h2>",
        _sizes(state, best),
    ]
    if waveforms:
        parts += [
            "<h2>Waveforms of the best design</h2>",
            '<div class="grid">',
            *_waveforms(waveforms, about or {}),
            "</div>",
        ]
    points = best.get("evaluation", {}).get("operating_points", {})
    if points:
        parts += [f"<h2>Operating points in {escape(begun['corners'][0])}</h2>", _points(points)]
    if monte_carlo:
        parts += ["<h2>Monte Carlo</h2>", *_monte_carlo(monte_carlo, begun["specs"])]
    parts += ["<h2>Turns</h2>", _turns(state)]
    if diff:
        parts += ["<h2>Netlist</h2>", f"<pre>{_diff(diff)}</pre>"]
    parts += ["<h2>How to repeat it</h2>", f"<pre>{escape(repeat_commands(state))}</pre>"]
    return _PAGE.format(
        title=escape(title), style=_file("report.css") + STYLE, body="\n".join(parts), script=_file("report.js")
    )


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text()


def best_turn(state: RunState) -> dict[str, Any]:
    """The incumbent's turn as event data. Raises `InputError` if the journal has no simulated incumbent."""
    index = state.best.get("index", 0)
    for turn in state.turns:
        if turn["index"] == index and "specs" in turn:
            return turn
    raise InputError(
        f"the best of the run is turn {index}, which was not simulated\n    → the journal was changed after it was"
        " written"
    )


def _summary(state: RunState) -> str:
    begun = state.started
    again = ""
    if state.verified:
        where = counted(len(state.verified["corners"]), "corner")
        again = f" Simulated again without cache in {where}: {'met' if state.verified['met'] else 'not met'}."
    stop = state.finished.get("stop", "unfinished")
    size = f"{counted(state.simulations, 'simulation')}, {counted(len(begun['corners']), 'corner')}"
    return f"Policy {begun['policy']}, seed {begun['seed']}, {size}; ended: {stop}.{again}"


def _specs(state: RunState, best: Mapping[str, Any]) -> str:
    corners = state.started["corners"]
    rows = [
        '<tr><th>spec</th><th>target</th><th class="l">verdict</th><th>margin</th><th class="l">worst in</th>'
        + "".join(f"<th>{escape(corner)}</th>" for corner in corners)
        + "</tr>"
    ]
    for spec in state.started["specs"]:
        result = best["specs"][spec["name"]]
        kind = verdict(result["met"], result["margin"])
        sign = {"pass": "✓ pass", "near": "~ near", "fail": "✗ fail"}[kind]
        found = found_in(best.get("evaluation", {}), spec["name"], corners)
        cells = "".join(f"<td>{escape(value_text(spec, value, bound))}</td>" for value, bound in found)
        sign += f" ({escape(result['why'])})" if result["why"] else ""
        margin = result_margin(spec, result)
        rows.append(
            f'<tr><td>{escape(spec["name"])}</td><td>{escape(target_text(spec))}</td><td class="l'
            f' {kind}">{sign}</td><td>{margin}</td><td class="l">{escape(result["corner"])}</td>{cells}</tr>'
        )
    # corner columns come last: seventeen of them are wider than a page
    return f'<div class="scroll specs"><table>{"".join(rows)}</table></div>'


def _verdict(state: RunState) -> list[str]:
    findings = judge(state.turns, state.started["specs"], state.started["parameters"], state.corners)
    if not findings:
        return []
    return [
        "<h2>Why specs are not met</h2><ul>",
        *(f"<li><b>{escape(finding.kind)}</b>: {escape(finding.text)}</li>" for finding in findings),
        "</ul>",
    ]


def _sizes(state: RunState, best: Mapping[str, Any]) -> str:
    start = state.turns[0]["sizing"]
    rows = ['<tr><th>size</th><th>value</th><th>before</th><th>range</th><th class="l">role</th></tr>']
    for entry in state.started["parameters"]:
        name, unit = entry["name"], entry["unit"]
        value = best["sizing"][name]
        at = (
            " · at its minimum"
            if value <= entry["minimum"]
            else " · at its maximum"
            if value >= entry["maximum"]
            else ""
        )
        span = (
            "locked"
            if entry.get("locked")
            else f"{format_quantity(entry['minimum'], unit)} … {format_quantity(entry['maximum'], unit)}{at}"
        )
        rows.append(
            f"<tr><td>{escape(name)}</td><td>{escape(format_quantity(value, unit))}</td>"
            f"<td>{escape(format_quantity(start.get(name), unit))}</td><td>{escape(span)}</td>"
            f'<td class="l">{escape(entry["role"])}</td></tr>'
        )
    return f'<div class="scroll"><table>{"".join(rows)}</table></div>'


def _waveforms(
    waveforms: Mapping[tuple[str, str], Mapping[str, Any]], about: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """A plot for each testbench and analysis, with the corners as lines. `about`: testbench → plot labels."""
    by_kind: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for (testbench, corner), kinds in waveforms.items():
        for kind, wave in kinds.items():
            if kind != "op":
                by_kind.setdefault((testbench, kind), {})[corner] = wave
    result = []
    for (testbench, kind), corners in by_kind.items():
        result += [line_plot(plot) for plot in wave_plots(testbench, kind, corners, about.get(testbench, DEFAULT))]
    return result


def wave_plots(
    testbench: str, kind: str, corners: Mapping[str, Mapping[str, Any]], about: Mapping[str, Any]
) -> list[Plot]:
    """The plots of one analysis."""
    frequency = Axis("frequency", "Hz", log=True)
    if kind == "ac":
        sign = about["ac"]["sign"]
        gain, phase = [], []
        for corner, wave in corners.items():
            found = transfer(wave)
            gain.append(Line(corner, wave["axis"], [sign * value for value in decibels(found)]))
            phase.append(Line(corner, wave["axis"], unwrapped(found)))
        looped = any(LOOP in wave["probes"] for wave in corners.values())
        what = "loop gain" if looped else about["ac"]["what"]
        unit = "dBΩ" if what == "transimpedance" else "dB"
        plots = [_plot(f"{testbench}: {what}", frequency, Axis(unit, "dB"), gain)]
        # the phase of a rejection has no meaning
        return (
            plots
            if sign < 0
            else [*plots, _plot(f"{testbench}: phase of the {what}", frequency, Axis("deg", "deg"), phase)]
        )
    if kind == "noise":
        return [
            _plot(
                f"{testbench}: {role} noise",
                frequency,
                Axis("density", about["noise"]["unit"] if role == "input" else "V/√Hz", log=True),
                [Line(corner, wave["axis"], wave["probes"][role]) for corner, wave in corners.items()],
            )
            for role in about["noise"]["roles"]
            if all(role in wave["probes"] for wave in corners.values())
        ]
    roles = [role for role in next(iter(corners.values()))["probes"] if role != "supply"]
    unit = "A" if roles == ["current"] else "V"
    axis = Axis("time", "s") if kind == "tran" else Axis(about["dc"]["axis"], about["dc"]["unit"])
    lines, cut = [], False
    for corner, wave in corners.items():
        for role in roles:
            values, beyond = clipped(wave["probes"][role], about["limits"] if unit == "V" else None)
            cut = cut or beyond
            lines.append(Line(f"{corner} {role}", wave["axis"], values))
    title = f"{testbench}: {', '.join(roles)}{' (cut: an ideal source pulls it beyond the rails)' if cut else ''}"
    return [_plot(title, axis, Axis(unit, unit), lines)]


def _plot(title: str, x: Axis, y: Axis, lines: Sequence[Line]) -> Plot:
    return Plot(title, x, y, lines, width=520, height=280)


def _points(points: Mapping[str, Mapping[str, Any]]) -> str:
    from eda_agent.simulation.operating_point import OperatingPoint

    rows = [
        "<tr><th>device</th><th>id</th><th>gm</th><th>gds</th><th>gm/id</th><th>vgs</th><th>vds</th><th>vdsat</th><th>margin</th><th"
        ' class="l">inversion</th><th class="l">region</th></tr>'
    ]
    for name, data in points.items():
        point = OperatingPoint(**{key: float("nan") if value is None else value for key, value in data.items()})
        bad = point.region != "saturation"
        cells = [
            format_quantity(point.id, "A", 3),
            format_quantity(point.gm, "S", 3),
            format_quantity(point.gds, "S", 3),
            f"{point.gm_id:.1f} /V",
            *(format_quantity(value, "V", 3) for value in (point.vgs, point.vds, point.vdsat, point.margin)),
        ]
        rows.append(
            f"<tr><td>{escape(name)}</td>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}<td"
            f' class="l">{point.inversion}</td><td class="l'
            f' {"near" if bad else ""}">{"! " if bad else ""}{point.region}</td></tr>'
        )
    return f'<div class="scroll"><table>{"".join(rows)}</table></div>'


def _monte_carlo(data: Mapping[str, Any], specs: Sequence[Mapping[str, Any]]) -> list[str]:
    low, high = data["interval"]
    parts = [
        (
            f"<p>{data['passed']} of {data['samples']} samples meet every spec in {escape(', '.join(data['corners']))}:"
            f" yield {100 * data['yield']:.1f} % (95 %: {100 * low:.1f} to {100 * high:.1f} %).</p>"
        ),
        '<div class="grid">',
    ]
    for spec in specs:
        found = data["specs"].get(spec["name"])
        if found is not None and found["deviation"]:
            target = spec["minimum"] if spec["minimum"] is not None else spec["maximum"]
            parts.append(
                histogram(
                    f"{spec['name']} · {100 * found['yield']:.0f} %{_open(found)}",
                    [value for value in found["values"] if value is not None],
                    shown_unit(spec),
                    target,
                )
            )
    return [*parts, "</div>"]


def _open(found: Mapping[str, Any]) -> str:
    """The number of censored samples of a Monte Carlo run."""
    count = sum(bool(bound) for bound in found.get("bounds", ()))
    return f" · {count} censored" if count else ""


def _turns(state: RunState, most: int = 200) -> str:
    """The turns that improved, with their changes and reasons; all others are collapsed."""
    rows, best = [], -1.0
    units = {entry["name"]: entry["unit"] for entry in state.started["parameters"]}
    shown = 0
    for turn in state.turns:
        if partial(turn, state.corners) or turn["score"] <= best or shown >= most:
            continue
        best, shown = turn["score"], shown + 1
        moves = what_moved(state.turns, turn["index"], state.started["parameters"], state.corners)
        sizes = (
            ", ".join(
                f"{name} {format_quantity(before, units[name], 3)} → {format_quantity(after, units[name], 3)}"
                for name, (before, after) in list(moves.sizes.items())[:4]
            )
            if moves
            else "the sizes in the netlist"
        )
        results = moved_texts(moves.results, state.started["specs"]) if moves else {}
        moved = ", ".join(f"{name} {text}" for name, text in list(results.items())[:3])
        rows.append(
            f'<tr><td>{turn["index"]}</td><td>{format_score(turn["score"])}</td><td class="l">{escape(sizes)}</td><td'
            f' class="l">{escape(moved)}</td><td class="l">{escape(turn["proposal"]["reasoning"][:300])}</td></tr>'
        )
    head = (
        '<tr><th>turn</th><th>score</th><th class="l">changes</th><th class="l">results</th><th'
        ' class="l">reasoning</th></tr>'
    )
    return f'<div class="scroll"><table>{head}{"".join(rows)}</table></div>'


def _diff(diff: str) -> str:
    kinds = {"+": "ins", "-": "del"}
    return "\n".join(
        f'<span class="{kinds[line[0]]}">{escape(line)}</span>' if line[:1] in kinds else escape(line)
        for line in diff.splitlines()
    )
