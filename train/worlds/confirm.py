"""Confirmation compares the policies of a study with the search on ngspice, on structures that were left out of all
training.

    python -m eda_agent.train.worlds.confirm FOLDER [--records FOLDER] [--out FILE] [--circuits 12] [--seconds 480]

All see the beliefs of the product's universal prior. Each run has a target that one of the circuit's recorded designs
meets. A run that is stopped continues with the same command.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from eda_agent.agent.env import Environment
from eda_agent.agent.history import History
from eda_agent.agent.policies.base import turn_rng
from eda_agent.agent.policies.prior_search import SIDE, idle_turns
from eda_agent.agent.policies.trust_region import box_side
from eda_agent.agent.policies.universal_prior import UniversalPrior, load_universal, shipped_weights
from eda_agent.agent.turn import Proposal
from eda_agent.errors import InputError
from eda_agent.files import write_text
from eda_agent.problem.spec import Problem
from eda_agent.simulation.cache import NoCache, cache_folder
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.workbench import Workbench
from eda_agent.train.designs import Values, draw_bounds, not_dominated
from eda_agent.train.universal.lessons import OWN
from eda_agent.train.universal.make import default_folder
from eda_agent.train.universal.record import Record
from eda_agent.train.worlds.fitting import fitting
from eda_agent.train.worlds.order import CLAIMED, NAMES, difference
from eda_agent.train.worlds.play import Act, Situation, policy, search
from eda_agent.train.worlds.proposer import Proposer, Standing
from eda_agent.train.worlds.study import FLOOR

AT = (5, 10, 20)


class WorldPolicy:
    """A policy of worlds on a real circuit: it sees the beliefs of the product's universal prior."""

    name = "world"

    def __init__(self, prior: UniversalPrior, act: Act, seed: int):
        self.prior, self.act, self.seed = prior, act, seed

    def propose(self, history: History) -> Proposal:
        space, best = history.problem.space, history.incumbent
        if best is None or best.sizing is None or best.score is None:
            raise InputError("the circuit's own sizes cannot be measured")
        beliefs = self.prior.beliefs(history)
        chance = beliefs.chance
        assert chance is not None

        def judge(positions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            at = space.legal_units(positions[0].numpy().astype(float))
            means, wides = zip(*(process.predict(at) for process in beliefs.processes), strict=True)
            return _tensor([np.stack(means, -1)]), _tensor([np.stack(wides, -1)]), _tensor([chance(at).min(-1)])

        last = next(turn.sizing for turn in reversed(history.turns) if turn.sizing is not None)
        standing = Standing(
            torch.tensor([best.value]),
            _tensor([[result.margin for result in best.score.results]]),
            _tensor([space.to_unit(best.sizing)]),
            torch.tensor([box_side(history.rank_keys, 0, SIDE)]),
            torch.tensor([float(idle_turns(history))]),
            torch.tensor([float(len(history.turns))]),
            _tensor([space.to_unit(last)]),
        )
        weights = _tensor([[spec.weight for spec in history.problem.specs]])
        situation = Situation(judge, standing, weights, torch.ones(1, len(space.parameters)))
        draw = torch.Generator().manual_seed(int(turn_rng(self.seed, history, self.name).integers(2**31)))
        moved = (standing.centre + self.act(situation, draw).moves[:, 0]).clamp(0, 1)
        return Proposal(space.from_unit(moved[0].tolist()), policy=self.name)


def _tensor(values: Any) -> Tensor:
    return torch.as_tensor(np.asarray(values, np.float32))


def aimed(record: Record, problem: Problem, draw: random.Random) -> Problem | None:
    """The problem with a tight target at the recorded design farthest from the netlist's own; None if no design is
    measured completely.
    """
    names = problem.spec_names
    rows: list[Values] = [
        {name: None if np.isnan(value) else value for name, value in zip(names, row, strict=True)}
        for row in record.values.tolist()
    ]
    able = [
        one
        for one in not_dominated(problem, rows)
        if not record.failed[one] and (record.bounds[one] == 0).all() and one != OWN
    ]
    if not able or record.failed[OWN]:
        return None
    units = np.array(
        [problem.space.to_unit(dict(zip(problem.space.names, row, strict=True))) for row in record.sizes.tolist()]
    )
    chosen = draw.sample(able, min(3, len(able)))
    goal = max(chosen, key=lambda one: float(np.abs(units[one] - units[OWN]).mean()))
    bounds = draw_bounds(problem, "tight", [rows[goal]], draw)
    specs = tuple(
        replace(spec, minimum=bounds[spec.name])
        if spec.minimum is not None
        else replace(spec, maximum=bounds[spec.name])
        for spec in problem.specs
    )
    return replace(problem, specs=specs)


def held_out(paths: Sequence[Path], count: int) -> list[Record]:
    """Records of validation structures, one per structure, in an order that depends on nothing but their names."""
    found: dict[str, Record] = {}
    for one in fitting(paths):
        if one.lesson.held:
            found.setdefault(one.record.fingerprint, one.record)
    records = list(found.values())
    random.Random(7).shuffle(records)
    return records[:count]


def played(problem: Problem, pool: LocalPool, act: Act, seed: int) -> list[float]:
    """The best score after every turn, until the target is met."""
    prior = load_universal(shipped_weights(), problem)
    if isinstance(prior, str):
        raise InputError(prior)
    env = Environment(problem, Evaluator(problem, Workbench(problem, cache_folder() / "models"), pool, NoCache()))
    env.start()
    player, best = WorldPolicy(prior, act, seed), [env.history.turns[0].value]
    while len(best) <= max(AT) and best[-1] < 1:
        env.step(player.propose(env.history))
        best.append(max(best[-1], env.history.turns[-1].value))
    return best + [best[-1]] * (max(AT) + 1 - len(best))


def players(folder: Path, seed: int) -> dict[str, Act]:
    """The search, and the policies of the claimed order that a study trained from a seed."""
    found: dict[str, Act] = {"search": search}
    for arm in CLAIMED:
        learnt = Proposer()
        learnt.load_state_dict(torch.load(folder / f"{arm}-{seed}.pt", weights_only=True))
        found[arm] = policy(learnt)
    return found


def confirm(records: Sequence[Record], folder: Path, out: Path, seconds: float, seeds: int = 2) -> dict[str, Any]:
    """Play what is missing in the file `out`; each circuit and seed with all policies."""
    found: dict[str, Any] = json.loads(out.read_text()) if out.exists() else {"at": AT, "runs": []}
    done, end = {(run["circuit"], run["seed"]) for run in found["runs"]}, time.monotonic() + seconds
    with LocalPool(1) as pool, tempfile.TemporaryDirectory() as files:
        for seed in range(seeds):
            acts = players(folder, seed)
            for record in records:
                name = record.topology.name
                if (name, seed) in done or time.monotonic() > end:
                    continue
                problem = aimed(record, record.problem(Path(files) / name), random.Random(f"{name} {seed}"))
                if problem is None:
                    continue
                try:
                    with torch.no_grad():
                        curves = {key: played(problem, pool, act, seed) for key, act in acts.items()}
                except InputError:
                    continue
                rows = {key: [round(curve[turn], 6) for turn in (0, *AT)] for key, curve in curves.items()}
                found["runs"].append({"circuit": name, "kind": record.kind, "seed": seed, **rows})
                write_text(out, json.dumps(found).replace('{"circuit"', '\n{"circuit"') + "\n")
    return found


def summary(found: dict[str, Any]) -> str:
    """The shares solved, and differences of the regret, paired by circuit (runs of a circuit are not independent); runs
    that start met do not count.
    """
    runs = [run for run in found["runs"] if run["search"][0] < 1]
    names = sorted({run["circuit"] for run in runs})
    best = {key: np.array([run[key][1:] for run in runs]) for key in ("search", *CLAIMED)}
    regret = {key: np.log10(np.maximum(1 - value, FLOOR)) for key, value in best.items()}
    head = " | ".join(str(turn) for turn in AT)
    lines = [
        f"{len(runs)} runs on {len(names)} circuits\n",
        f"| policy | {head} | regret at {' | '.join(str(turn) for turn in AT)} |",
        "| --- |" + " --- |" * (2 * len(AT)),
    ]
    for key in best:
        solved = [f"{100 * one:.0f}" for one in (best[key] >= 1).mean(0)]
        lines.append(
            f"| {NAMES[key]} | " + " | ".join([*solved, *(f"{one:.3f}" for one in regret[key].mean(0))]) + " |"
        )
    lines += ["", f"| difference of the regret | {head} |", "| --- |" + " --- |" * len(AT)]
    for one, other in ((CLAIMED[0], "search"), (CLAIMED[0], CLAIMED[1]), (CLAIMED[1], CLAIMED[2])):
        paired = [(regret[one] - regret[other])[[run["circuit"] == name for run in runs]].mean(0) for name in names]
        said = [difference(each, np.zeros(len(names))) for each in np.transpose(paired)]
        texts = [f"{each.mean:+.3f} ({each.low:+.3f} … {each.high:+.3f})" for each in said]
        lines.append(f"| {NAMES[one]} − {NAMES[other]} | " + " | ".join(texts) + " |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m eda_agent.train.worlds.confirm",
        description="Compare learnt policies with the search on ngspice.",
    )
    parser.add_argument("study", type=Path, help="the study's folder")
    parser.add_argument("--records", type=Path, help="folder written by universal.make (default: in the user's cache)")
    parser.add_argument("--out", type=Path, default=Path("runs/worlds/confirm.json"), help="(default %(default)s)")
    parser.add_argument("--circuits", type=int, default=12, help="number of circuits (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=480, help="time of this piece (default %(default)s)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    folder = options.records or default_folder()
    records = held_out(sorted((folder / "records").glob("*.npz")), options.circuits)
    sys.stdout.write(summary(confirm(records, options.study, options.out, options.seconds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
