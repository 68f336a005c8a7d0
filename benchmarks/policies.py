"""Run every policy on every shipped circuit at 200 simulations, seed 0: the table in docs/results-0.1.0.md.

    python benchmarks/policies.py              run what is missing, then print the table
    python benchmarks/policies.py --table      print the table from the committed results
    python benchmarks/policies.py --policies chat --endpoint http://127.0.0.1:8123/v1      a served model (see
    tests/llm/run.sh)

One JSON file a run lies in benchmarks/results/policies/; delete it to measure again. The cache is off, so that wall
times are those of a first run. A run that was interrupted goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from eda_agent.run import Request, size

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "policies"
POLICIES = ("random", "tpe", "cma", "gp", "scbo", "trust")
SERVED = {"request_seed": False, "mode": "json", "max_tokens": 700, "timeout": 600.0}
"""Options of the policy chat: SmolLM2-135M holds a JSON schema and nothing else, and vLLM on a CPU dies of a seed."""
CIRCUITS = ("ota_5t", "two_stage_miller", "strongarm")


def measure(circuit: str, policy: str, seed: int, budget: int, runs: Path, endpoint: str | None) -> dict[str, object]:
    """One run; its curve is the best score after each proposal."""
    start = time.perf_counter()
    folder = runs / f"{circuit}-{policy}-{seed}"
    options = {**SERVED, "endpoint": endpoint} if policy == "chat" else {}
    outcome = size(
        Request(
            HERE.parent / "circuits" / circuit, policy, options, seed=seed, simulations=budget, out=folder, cache=False,
            resume=(folder / "journal.jsonl").exists(),
        )
    )  # fmt: skip
    best, curve = outcome.turns[0].value, []
    for turn in outcome.turns[1:]:
        best = max(best, turn.value)
        curve.append(round(best, 6))
    return {
        "circuit": circuit,
        "policy": policy,
        "seed": seed,
        "budget": budget,
        "stop": outcome.stop,
        "met": outcome.met,
        "score": outcome.best.value,
        "simulations": outcome.simulations,
        "best_turn": outcome.best.index,
        "seconds": round(time.perf_counter() - start, 1),
        "curve": curve,
        "unusable": sum(turn.sizing is None for turn in outcome.turns),
        "missed": (
            {result.spec: round(result.margin, 4) for result in outcome.best.score.results if not result.met}
            if outcome.best.score
            else {}
        ),
    }


def table() -> str:
    """The results as Markdown, one row a policy."""
    rows = {}
    for path in sorted(RESULTS.glob("*.json")):
        data = json.loads(path.read_text())
        rows[data["policy"], data["circuit"], data["seed"]] = data
    seeds = sorted({seed for _, _, seed in rows})
    lines = [f"| policy | {' | '.join(CIRCUITS)} |", "| --- |" + " --- |" * len(CIRCUITS)]
    for policy in (*POLICIES, "chat"):
        cells = []
        for circuit in CIRCUITS:
            found = [rows[policy, circuit, seed] for seed in seeds if (policy, circuit, seed) in rows]
            cells.append(
                "; ".join(
                    (
                        f"**met at {data['simulations']}**, {data['seconds']:.0f} s"
                        if data["met"]
                        else f"{data['score']:.4f} not met, {data['seconds']:.0f} s"
                    )
                    for data in found
                )
                or "–"
            )
        lines.append(f"| `{policy}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--budget", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--policies", nargs="*", default=POLICIES)
    parser.add_argument("--runs", type=Path, default=Path("runs") / "bench")
    parser.add_argument("--circuits", nargs="*", default=CIRCUITS)
    parser.add_argument("--endpoint", help="of the policy chat")
    options = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    if not options.table:
        for seed in range(options.seeds):
            for policy in options.policies:
                for circuit in options.circuits:
                    path = RESULTS / f"{circuit}-{policy}-{seed}.json"
                    if path.exists():
                        continue
                    data = measure(circuit, policy, seed, options.budget, options.runs, options.endpoint)
                    path.write_text(json.dumps(data) + "\n")
                    print(
                        circuit,
                        policy,
                        seed,
                        data["stop"],
                        round(float(str(data["score"])), 4),
                        data["simulations"],
                        data["seconds"],
                        flush=True,
                    )
    print(table())


if __name__ == "__main__":
    main()
