"""The bench: targets that can be met, statistics against brute force, and a bench that goes on where it stopped."""

from __future__ import annotations

import json
import math
import random
import re
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from eda_agent import bench
from eda_agent.bench.picture import picture
from eda_agent.errors import InputError
from eda_agent.files import read_json_lines
from eda_agent.problem.spec import Problem
from eda_agent.problem.target import read_targets, with_target
from eda_agent.run import open_evaluator
from tests.evidence import cases

from .conftest import CIRCUITS, NAMES, ROOT


@pytest.mark.parametrize("name", cases(NAMES, *sorted({*NAMES} - {"ring_vco"})))
def test_targets_are_met_by_what_is_said_to_meet_them(name: str, problems: dict[str, Problem]) -> None:
    targets = read_targets(CIRCUITS / name / "targets.json")
    assert len(targets) >= 10
    assert len({target.digest for target in targets}) == len(targets)
    for target in targets[:2]:
        problem = with_target(problems[name], target)
        known = problem.space.snap(target.known)
        with open_evaluator(problem, workers=1) as evaluator:
            found, start = evaluator.evaluate([known, problem.space.initial])
        for spec in problem.specs:
            assert spec.met(found.values["target"][spec.name]), (target.name, spec.name)
        assert not all(spec.met(start.values["target"][spec.name]) for spec in problem.specs)


@pytest.mark.parametrize("name", NAMES)
def test_no_known_design_meets_more_than_a_tenth_of_the_targets_by_bounds(name: str) -> None:
    targets = read_targets(CIRCUITS / name / "targets.json")
    designs = {tuple(sorted(target.known.items())) for target in targets}
    most = max(sum(tuple(sorted(target.known.items())) == design for target in targets) for design in designs)
    assert most <= max(1, len(targets) // 10)


def rows() -> list[dict[str, Any]]:
    result = []
    for policy, offset in (("a", 0.0), ("b", 0.1)):
        for target in ("t1", "t2", "t3"):
            for seed in (0, 1):
                curve = [0.5 + offset, 0.6 + offset, 0.7 + offset + 0.01 * seed]
                met = 2 if policy == "b" and target != "t3" else None
                result.append(
                    {
                        "key": f"{policy}{target}{seed}",
                        "circuit": "c",
                        "target": target,
                        "policy": policy,
                        "seed": seed,
                        "budget": 5,
                        "curve": curve,
                        "met_at": met,
                        "seconds": 1.0,
                    }
                )
    return result


def test_estimates_are_means_with_intervals() -> None:
    mine = [row for row in rows() if row["policy"] == "b"]
    found = bench.estimate(mine, lambda row: float(bench.solved_at(row, 5)))
    assert found.mean == pytest.approx(2 / 3)
    assert 0 <= found.low < found.mean < found.high <= 1
    assert bench.score_at(mine[0], 1) == 0.7
    assert bench.score_at(mine[0], 100) == mine[0]["curve"][-1]
    assert not bench.solved_at(mine[0], 1)
    text = bench.markdown(rows())
    assert "| `a` |" in text
    assert "67 (" in text
    assert bench.curves(rows())["a"][0] == pytest.approx(0.5)


def crossed(value: Callable[[int, int], float], targets: int = 40, seeds: int = 5) -> list[dict[str, Any]]:
    """A run of every target with every seed; what it comes to lies in its curve."""
    return [
        {
            "circuit": "c",
            "target": f"t{target:02}",
            "policy": "a",
            "seed": seed,
            "budget": 1,
            "curve": [value(target, seed)],
            "met_at": None,
        }
        for target in range(targets)
        for seed in range(seeds)
    ]


@pytest.mark.parametrize("of_targets, of_seeds", [(1.0, 0.0), (0.0, 1.0), (0.5, 1.0)])
def test_intervals_count_targets_and_seeds(of_targets: float, of_seeds: float) -> None:
    draw = random.Random(1)
    targets, seeds = [of_targets * draw.gauss(0, 1) for _ in range(40)], [of_seeds * draw.gauss(0, 1) for _ in range(5)]
    found = bench.estimate(
        crossed(lambda target, seed: targets[target] + seeds[seed]), lambda row: bench.score_at(row, 0), draws=4000
    )
    # the variance of a mean of crossed effects is the sum of theirs; a bootstrap's is that of the sample, not of its n
    # - 1
    spread = math.sqrt(statistics.pvariance(targets) / 40 + statistics.pvariance(seeds) / 5)
    assert found.mean == pytest.approx(statistics.fmean(targets) + statistics.fmean(seeds))
    assert found.high - found.low == pytest.approx(2 * 1.96 * spread, rel=0.1)


def test_intervals_do_not_hang_on_the_order_of_the_rows_or_on_runs_that_are_missing() -> None:
    draw = random.Random(2)
    made = crossed(lambda *_: draw.random())
    kept = [row for row in made if draw.random() < 0.5]

    def found(rows: list[dict[str, Any]]) -> bench.Estimate:
        return bench.estimate(rows, lambda row: bench.score_at(row, 0))

    assert found(kept) == found(sorted(kept, key=lambda row: draw.random()))
    every, half = found(made), found(kept)
    assert half.low < half.mean < half.high
    assert half.high - half.low > every.high - every.low
    # nothing is drawn of a single run
    one = found(made[:1])
    assert one.low == one.high == pytest.approx(one.mean)


def test_a_hard_target_with_fewer_seeds_does_not_pull_the_interval() -> None:
    # nine targets that are always met, and one never, which has one seed of five: chance is in which targets are drawn
    # alone
    made = [
        {"circuit": "c", "target": f"t{t}", "seed": s, "met": float(t > 0)}
        for t in range(10)
        for s in range(5)
        if t or not s
    ]
    found = bench.estimate(made, lambda row: float(row["met"]))
    full = bench.estimate(
        [{**row, "seed": s} for row in made if not row["seed"] for s in range(5)], lambda row: float(row["met"])
    )
    assert found == full and found.mean == pytest.approx(0.9)


def test_pairs_tell_apart_what_shares_do_not() -> None:
    def row(policy: str, target: int, curve: list[float]) -> dict[str, Any]:
        met = next((number for number, value in enumerate(curve) if value == 1.0), None)
        return {
            "circuit": "c",
            "target": f"t{target}",
            "policy": policy,
            "seed": 0,
            "budget": 5,
            "curve": curve,
            "met_at": met,
        }

    # targets differ by 0.5 of score, policies by 0.01 on every one of them
    made = [row("a", t, [0.0, 0.3 + 0.05 * t, 0.3 + 0.05 * t]) for t in range(10)]
    made += [row("b", t, [0.0, 0.31 + 0.05 * t, 1.0 if t < 4 else 0.31 + 0.05 * t]) for t in range(10)]
    made.append(row("b", 99, [0.0, 1.0]))  # nobody's pair
    table = bench.pair_runs(made, "a", "b")
    assert "10 pairs" in table
    assert "| 1 | 0.0 → 0.0 | +0.0 (+0.0 … +0.0) | +0.0100 (+0.0100 … +0.0100) |" in table
    assert re.search(r"\| 5 \| 0\.0 → 40\.0 \| \+40\.0 \(\+\d\d\.0 … \+\d\d\.0\)", table)
    assert "no run of a and x" in bench.pair_runs(made, "a", "x")


def test_nearly_all_is_not_rounded_to_all() -> None:
    from eda_agent.bench.tables import grade, share

    assert [share(value) for value in (0.0, 0.004, 0.994, 0.9967, 1.0)] == ["0", "0", "99", "99", "100"]
    assert [grade(value) for value in (0.5, 0.99994, 0.99996, 1.0)] == ["0.5000", "0.9999", "0.9999", "1.0000"]


def test_the_curves_name_a_python_policy_by_its_class_where_that_tells_it() -> None:
    drawn = [
        {**row, "policy": name}
        for row in rows()
        for name in ("python:one.Climb", "python:two.Climb", "python:one.Walk", "trust")
    ]
    found = set(re.findall(r'data-name="([^"]*)"', picture(drawn)))
    assert found == {"python:one.Climb", "python:two.Climb", "Walk", "trust"}


def test_the_curves_show_shares_and_scores_and_a_policy_looks_the_same_in_every_picture() -> None:
    def strokes(*policies: str) -> dict[str, set[tuple[str | None, str | None]]]:
        drawn = ElementTree.fromstring(
            picture([{**row, "policy": name} for name in policies for row in rows() if row["policy"] == "a"])
        )
        found: dict[str, set[tuple[str | None, str | None]]] = {}
        for line in drawn.iter("{http://www.w3.org/2000/svg}polyline"):
            found.setdefault(line.get("data-name", ""), set()).add((line.get("stroke"), line.get("stroke-dasharray")))
        return found

    many = strokes("other", "random", "auto", "python:one.Climb")
    few = strokes("auto", "random")
    assert {name: many[name] for name in few} == few
    assert all(len(found) == 1 for found in many.values())  # the same in both panels
    assert len(set().union(*many.values())) == 4
    drawn = picture(rows())
    assert drawn.count('data-name="a"') == 2
    # two targets of three are met with the second simulation
    assert bench.curves(rows(), bench.solved_at)["b"][:3] == [0.0, 0.0, pytest.approx(2 / 3)]
    # a target that was run more often weighs no more, as in the table
    more = rows() + [
        {**row, "seed": seed} for row in rows() if row["policy"] == "b" and row["target"] == "t1" for seed in (2, 3, 4)
    ]
    assert bench.curves(more, bench.solved_at)["b"][2] == pytest.approx(2 / 3)
    assert "nothing to draw" in picture([])


@pytest.mark.slow
def test_a_bench_goes_on_where_it_stopped(tmp_path: Path) -> None:
    jobs = bench.jobs_of(bench.read_suite("ota_5t"), ["random"], 2, 3, 1)
    assert len(jobs) == 2
    results = tmp_path / "results.jsonl"
    first = bench.run_bench(jobs[:1], results, 1, lambda *_: None)
    # a line that was torn when the machine went down
    with results.open("a") as file:
        file.write('{"key": "ota')
    told: list[int] = []
    both = bench.run_bench(jobs, results, 1, lambda done, of, row: told.append(done))
    assert told == [1, 2]
    assert both[0] == first[0]
    assert [len(row["curve"]) for row in both] == [4, 4]
    again = bench.run_bench(jobs, results, 1, lambda *_: None)
    assert again == both
    assert [json.loads(line)["key"] for line in results.read_text().splitlines()] == [job.key for job in jobs]


def test_a_suite_of_ones_own_and_bad_ones(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(f"tasks:\n  - {{spec: {CIRCUITS / 'ota_5t' / 'spec.yaml'}}}\n")
    suite = bench.read_suite(str(tmp_path / "mine.yaml"))
    jobs = bench.jobs_of(suite, ["random"], 1, 2, 1)
    assert [job.target for job in jobs] == [""]
    with pytest.raises(InputError, match="no suite"):
        bench.read_suite("nothing")
    (tmp_path / "bad.yaml").write_text("tasks: 3\n")
    with pytest.raises(InputError, match="this is not a suite"):
        bench.read_suite(str(tmp_path / "bad.yaml"))
    with pytest.raises(InputError, match="unknown policy"):
        bench.jobs_of(suite, ["best"], 1, 2, 1)
    assert set(bench.LEARNED + bench.UNSEEN) == set(NAMES)


def test_the_readme_says_what_auto_meets_on_the_training_circuits() -> None:
    rows = read_json_lines(ROOT / "benchmarks" / "results" / "present" / "learned" / "results.jsonl")
    auto = [row for row in rows if row["policy"] == "auto"]

    def share(mark: int) -> int:
        return round(100 * sum(row["met_at"] is not None and row["met_at"] <= mark for row in auto) / len(auto))

    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"`auto` meets {share(1)} % of the targets with its first simulation and {share(5)} % within five" in text
