"""Turns the records of `evidence.py` into the tables and the plot of docs/results-0.1.0.md, between its markers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eda_agent.files import write_text
from eda_agent.record.plot import Axis, Line, Plot, line_plot, standing_alone

DOCS = Path(__file__).parent.parent / "docs"
POINTS = (1, 2, 5, 10, 20)
DRAWN = ("untrained", "warm start", "tl_grpo", "incumbent", "grpo", "single_turn_grpo")
QUANTILES = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78}
"""Student's t, 97.5 %, by number of seeds."""

Rows = Sequence[dict[str, Any]]


def curves(rows: Rows) -> np.ndarray:
    """(seeds × targets × turns)."""
    return np.array([row["curves"] for row in rows], dtype=float)


def interval(by_seed: np.ndarray, by_target: np.ndarray) -> str:
    """Half a 95 % interval: over seeds where there are several, else over targets of the one seed."""
    if len(by_seed) > 1:
        return f"± {QUANTILES.get(len(by_seed), 1.96) * by_seed.std(ddof=1) / math.sqrt(len(by_seed)):.3f}"
    return f"(± {1.96 * by_target.std(ddof=1) / math.sqrt(len(by_target)):.3f})"


def line(name: str, rows: Rows) -> str:
    found = curves(rows)
    solved = [f"{100 * (found[:, :, point] >= 1).mean():.1f}" for point in POINTS]
    mean = found[:, :, 5].mean(1)
    share = (found[:, :, 5] >= 1).mean(1)
    cells = [
        name,
        str(len(rows)),
        *solved,
        f"{mean.mean():.4f} {interval(mean, found[0, :, 5])}",
        interval(share, (found[0, :, 5] >= 1).astype(float)),
    ]
    return "| " + " | ".join(cells) + " |"


def table(records: Rows) -> str:
    head = (
        "| variant | seeds | "
        + " | ".join(f"solved at {point} (%)" for point in POINTS)
        + " | mean best at 5 | interval of the share solved at 5 |"
    )
    rows = [head, "| --- " * (len(POINTS) + 4) + "|"]
    names = dict.fromkeys((row["variant"], row["shown"]) for row in records)
    for variant, shown in names:
        label = variant if shown == "true" else f"{variant}, history {'cut' if shown == 'none' else 'shuffled'}"
        rows.append(line(label, [row for row in records if (row["variant"], row["shown"]) == (variant, shown)]))
    return "\n".join(rows)


def costs(records: Rows) -> str:
    rows = ["| variant | simulations of RL | seconds | reward, first and last 4 steps |", "| --- | --- | --- | --- |"]
    for variant in dict.fromkeys(row["variant"] for row in records if "seconds" in row):
        own = [row for row in records if row["variant"] == variant and row["shown"] == "true" and "seconds" in row]
        first, last = (
            np.mean([np.mean(row["reward"][part]) for row in own]) for part in (slice(0, 4), slice(-4, None))
        )
        rows.append(
            f"| {variant} | {np.mean([row['simulations'] for row in own]):,.0f} |"
            f" {np.mean([row['seconds'] for row in own]):.0f} | {first:.3f} → {last:.3f} |"
        )
    return "\n".join(rows)


def plot(records: Rows) -> str:
    drawn = []
    for name in DRAWN:
        own = [row for row in records if row["variant"] == name and row["shown"] == "true"]
        if own:
            values = (curves(own) >= 1).mean((0, 1))
            drawn.append(Line(name, list(range(len(values))), values.tolist()))
    svg = line_plot(Plot("held-out targets solved", Axis("simulations"), Axis("share"), drawn, width=760, height=380))
    return standing_alone(svg)


def write(records: Rows) -> None:
    """Replace what stands between the markers of docs/results-0.1.0.md, and the plot beside it."""
    path = DOCS / "results-0.1.0.md"
    text = path.read_text(encoding="utf-8")
    for name, content in {"evidence": table(records), "costs": costs(records)}.items():
        text = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
            lambda match, content=content: f"{match[1]}{content}\n{match[2]}",
            text,
            flags=re.DOTALL,
        )
    write_text(path, text)
    write_text(DOCS / "evidence.svg", plot(records))
