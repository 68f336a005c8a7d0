"""A study trains every arm from every seed, and measures the policies in worlds of structures that were left out.

    python -m eda_agent.train.worlds.study [--records FOLDER] [--out FOLDER] [--seeds 12] [--budget 32000] [--part 0/2]
    python -m eda_agent.train.worlds.study --report

A run that is stopped continues with the same command: results are written after each arm.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from eda_agent.agent.policies.universal_prior import shipped_weights
from eda_agent.agent.universal.checkpoint import read_network
from eda_agent.errors import InputError
from eda_agent.files import write_text
from eda_agent.train.universal.make import default_folder
from eda_agent.train.worlds import arms
from eda_agent.train.worlds.arena import Kit, circuits, kit_of
from eda_agent.train.worlds.order import report
from eda_agent.train.worlds.play import Act, play, policy, search
from eda_agent.train.worlds.proposer import Proposer
from eda_agent.train.worlds.world import draw_worlds

AT = (1, 5, 10, 20)
POLICIES = ("search", "start", *arms.ARMS)
WORLDS, CHUNK = 256, 64
FLOOR = 1e-3
"""The regret of a met target."""
OTHER_WORLDS = 10_000
"""Added to a seed for the worlds in which its policies are measured."""


def measured(kit: Kit, act: Act, seed: int, worlds: int = WORLDS) -> dict[str, list[float]]:
    """The share of solved worlds and the mean of log10(1 − best score), after `AT` turns, on held-out structures."""
    draw, rows = torch.Generator().manual_seed(OTHER_WORLDS + seed), arms.arenas_for(kit, held=True)
    best: list[Tensor] = []
    for _ in range(0, worlds, CHUNK):
        drawn = draw_worlds(kit, rows[torch.randint(len(rows), (min(CHUNK, worlds),), generator=draw)], draw)
        best.append(play(drawn, max(AT), act, torch.Generator().manual_seed(seed + len(best)), keep=False).best)
    whole = torch.cat(best)[:, list(AT)]
    return {
        "solved": [round(one, 5) for one in (whole >= 1).double().mean(0).tolist()],
        "regret": [round(one, 5) for one in (1 - whole).clamp_min(FLOOR).log10().double().mean(0).tolist()],
    }


def trained(kit: Kit, arm: str, start: Proposer, budget: int, seed: int) -> tuple[Proposer, dict[str, Any]]:
    """A policy of an arm, with the facts of its training."""
    proposer, begun, batches = copy.deepcopy(start), time.process_time(), 0
    facts: dict[str, float] = {}
    for batches, facts in enumerate(arms.train(proposer, arm, kit, budget, seed), 1):  # noqa: B007  # the last ones count
        pass
    return proposer, {
        "measured": int(facts["measured"]), "batches": batches, "spread": round(facts["spread"], 4),
        "seconds": round(time.process_time() - begun, 1),
    }  # fmt: skip


def settings(kit: Kit, budget: int, worlds: int) -> dict[str, Any]:
    """What a study depends on, as JSON."""
    taught, held = (len(arms.arenas_for(kit, held)) for held in (False, True))
    return {
        "budget": budget, "turns": arms.TURNS, "group": arms.GROUP, "rates": arms.RATES, "worlds": worlds,
        "at": list(AT), "arenas": {"taught": taught, "held": held},
    }  # fmt: skip


def study(kit: Kit, out: Path, seeds: Sequence[int], budget: int, worlds: int = WORLDS) -> None:
    """Run what is missing in the folder `out`: a file per seed, written after each arm, and the trained policies."""
    asked = settings(kit, budget, worlds)
    for seed in seeds:
        path = out / f"seed-{seed}.json"
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {**asked, "runs": []}
        if any(found[key] != value for key, value in asked.items()):
            raise InputError(f"{path}: results of another study\n    → name another folder with --out")
        missing = [arm for arm in POLICIES if arm not in {run["arm"] for run in found["runs"]}]
        start = arms.warm_start(kit, seed) if missing else Proposer()
        for arm in missing:
            facts: dict[str, Any] = {}
            proposer = start
            if arm in arms.ARMS:
                proposer, facts = trained(kit, arm, start, budget, seed)
                torch.save(proposer.state_dict(), out / f"{arm}-{seed}.pt")
            act = search if arm == "search" else policy(proposer)
            found["runs"].append({"arm": arm, "seed": seed, **facts, **measured(kit, act, seed, worlds)})
            write_text(path, json.dumps(found))
            sys.stdout.write(json.dumps(found["runs"][-1]) + "\n")
            sys.stdout.flush()


def collected(out: Path) -> dict[str, Any]:
    """The complete seeds of a folder as one study."""
    parts = [json.loads(path.read_text()) for path in sorted(out.glob("seed-*.json"))]
    whole = [part for part in parts if len(part["runs"]) == len(POLICIES)]
    if len(whole) < 2:
        raise InputError(f"{out}: fewer than two complete seeds\n    → run the study first")
    runs = sorted((run for part in whole for run in part["runs"]), key=lambda run: (run["seed"], run["arm"]))
    return {**{key: value for key, value in whole[0].items() if key != "runs"}, "runs": runs}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m eda_agent.train.worlds.study",
        description="Compare ways of training a proposing policy inside the universal surrogate.",
    )
    parser.add_argument("--records", type=Path, help="folder written by universal.make (default: in the user's cache)")
    parser.add_argument("--weights", type=Path, help="weights of the surrogate (default: the package's)")
    parser.add_argument("--out", type=Path, default=Path("runs/worlds"), help="folder (default %(default)s)")
    parser.add_argument("--part", default="0/1", help="every n-th seed, to run in parallel (default %(default)s)")
    parser.add_argument("--report", action="store_true", help="only write study.json and print the tables")
    parser.add_argument("--seeds", type=int, default=12, help="number of training seeds (default %(default)s)")
    parser.add_argument("--budget", type=int, default=32_000, help="designs per training (default %(default)s)")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.report:
        whole = collected(options.out)
        write_text(options.out / "study.json", json.dumps(whole).replace('{"arm"', '\n{"arm"') + "\n")
        sys.stdout.write(report(whole))
        return 0
    path = options.weights or shipped_weights()
    network = read_network(path)
    if network is None:
        raise InputError(f"{path}: not weights of this version\n    → python -m eda_agent.train.universal.learn")
    folder = options.records or default_folder()
    kit = kit_of(network, circuits(sorted((folder / "records").glob("*.npz"))))
    part, parts = (int(one) for one in options.part.split("/"))
    study(kit, options.out, range(part, options.seeds, parts), options.budget)
    return 0


if __name__ == "__main__":
    sys.exit(main())
