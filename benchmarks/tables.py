"""The tables of benches that stand in docs, made from the records beside them: each stands between `<!-- name -->`
and `<!-- /name -->`.

    python benchmarks/tables.py                                    write every table and curve anew
    python benchmarks/tables.py --add present/unseen runs/bench-unseen  put in the results of a bench first; those that a
    record has already stay as they are

A seed counts on a circuit when its policy has run it there on as many targets as its best one. Means are over
targets, so that a circuit with more seeds weighs no more.
"""

from __future__ import annotations

import argparse
import collections
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from eda_agent.bench.picture import picture
from eda_agent.bench.tables import estimate, markdown, percent, policies_in, score_at, solved_at, value_at
from eda_agent.files import read_json_lines, write_text

TOP = Path(__file__).parent.parent
RESULTS = TOP / "benchmarks" / "results"
SHOWN = {
    "present/unseen": ("docs/results.md", "present/unseen"),
    "present/fresh": ("docs/results.md", "present/fresh"),
    "present/drawn": ("docs/results.md", "present/drawn"),
    "present/learned": ("docs/results.md", "present/learned"),
    "public/sizing_bench": ("docs/suites.md", "public/sizing_bench"),
    "public/analog_gym": ("docs/suites.md", "public/analog_gym"),
    "unseen100": ("docs/results-0.1.0.md", "unseen100"),
    "learned100": ("docs/results-0.1.0.md", "learned100"),
    "drafts": ("docs/results-0.1.0.md", "drafts"),
    "drafts-unseen": ("docs/results-0.1.0.md", "drafts-unseen"),
    "ablations20/learned": ("docs/model-card.md", "ablations20/learned"),
    "ablations20/unseen": ("docs/model-card.md", "ablations20/unseen"),
}
"""Record → where its table stands, and between which marks."""


@dataclass(frozen=True)
class Short:
    """A table of the README: the marks at which it gives share solved and best score, and of which policies (none:
    all of the record)."""

    record: str
    solved: tuple[int, ...]
    scores: tuple[int, ...]
    policies: tuple[str, ...] = ()


SHORT = {"unseen": Short("present/unseen", (10, 20, 50, 100), (), ("auto", "trust"))}
"""Marks in the README → the table between them."""

Rows = list[dict[str, Any]]


def whole_seeds(rows: Rows) -> Rows:
    """Without the seeds that are not through with their circuit."""
    counts = collections.Counter((row["policy"], row["circuit"], row["seed"]) for row in rows)
    most: dict[tuple[str, str], int] = {}
    for (policy, circuit, _), count in counts.items():
        most[policy, circuit] = max(count, most.get((policy, circuit), 0))
    return [
        row for row in rows if counts[row["policy"], row["circuit"], row["seed"]] == most[row["policy"], row["circuit"]]
    ]


def short_table(rows: Rows, short: Short) -> str:
    """Shares and scores at a few marks; the best of each column stands out."""
    marks = [(solved_at, mark) for mark in short.solved] + [(score_at, mark) for mark in short.scores]
    first = {0: "solved ", len(short.solved): "best score "}
    heads = [f"{first.get(place, '')}at {mark}" for place, (_, mark) in enumerate(marks)]
    lines = [f"| policy | runs | {' | '.join(heads)} | s per run |", "| --- |" + " --- |" * (len(marks) + 2)]
    by_policy = {
        policy: [row for row in rows if row["policy"] == policy] for policy in short.policies or policies_in(rows)
    }
    columns = []
    for value, mark in marks:
        found = [estimate(mine, partial(value_at, value, mark)) for mine in by_policy.values()]
        best = max(one.mean for one in found)
        # a score below 1 does not become 1 by rounding
        texts = [percent(one) if value is solved_at else f"{min(one.mean, 0.999):.3f}" for one in found]
        columns.append([f"**{text}**" if one.mean == best else text for one, text in zip(found, texts, strict=True)])
    for (policy, mine), *cells in zip(by_policy.items(), *columns, strict=True):
        seconds = sum(float(row["seconds"]) for row in mine) / len(mine)
        lines.append(f"| `{policy.rpartition('.')[2]}` | {len(mine)} | {' | '.join(cells)} | {seconds:.1f} |")
    return "\n".join(lines) + "\n"


def put(text: str, name: str, table: str) -> str:
    """A text with a table between its marks. Raises `ValueError` where it has no such place."""
    before, first, rest = text.partition(f"<!-- {name} -->")
    _, last, after = rest.partition(f"<!-- /{name} -->")
    if not (first and last):
        raise ValueError(f"no place for {name}")
    return f"{before}{first}\n\n{table}\n{last}{after}"


def tables() -> dict[Path, str]:
    """File → what it should hold."""
    result: dict[Path, str] = {}
    for record, (place, name) in SHOWN.items():
        rows = whole_seeds(read_json_lines(RESULTS / record / "results.jsonl"))
        table = markdown(rows)
        path = TOP / place
        result[RESULTS / record / "table.md"] = table
        result[RESULTS / record / "curves.svg"] = picture(rows)
        result[path] = put(result.get(path) or path.read_text(encoding="utf-8"), name, table)
    path = TOP / "README.md"
    for name, short in SHORT.items():
        rows = whole_seeds(read_json_lines(RESULTS / short.record / "results.jsonl"))
        result[path] = put(result.get(path) or path.read_text(encoding="utf-8"), name, short_table(rows, short))
    return result


def add(record: str, results: Path) -> int:
    """Put new results into a record, policies and seeds in their order; gives how many came."""
    path = RESULTS / record / "results.jsonl"
    rows = read_json_lines(path)
    known = {row["key"] for row in rows}
    new = [row for row in read_json_lines(results) if row["key"] not in known]
    order = {policy: place for place, policy in enumerate(policies_in([*rows, *new]))}
    circuits = {circuit: place for place, circuit in enumerate(dict.fromkeys(row["circuit"] for row in [*rows, *new]))}
    merged = sorted(
        [*rows, *new], key=lambda row: (order[row["policy"]], row["seed"], circuits[row["circuit"]], row["target"])
    )
    write_text(path, "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in merged))
    return len(new)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--add", nargs=2, metavar=("RECORD", "DIR"), help="a record, and the folder of a bench that adds to it"
    )
    given = parser.parse_args(arguments).add
    if given:
        print(f"{add(given[0], Path(given[1]) / 'results.jsonl')} new results")
    for path, text in tables().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write_text(path, text)
            print(path.relative_to(TOP))


if __name__ == "__main__":
    main()
