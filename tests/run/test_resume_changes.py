"""A run is resumed with another spec, other models, or a journal of an older version."""

from __future__ import annotations

import json
from pathlib import Path

from .program import eda, old, played, state, swap


def test_other_targets_count_the_turns_anew(amp: Path, tmp_path: Path) -> None:
    """What was measured stays; every score is that of a run that was asked for the new targets from its start."""
    run, fresh = tmp_path / "run", tmp_path / "fresh"
    eda("size", amp, "--policy", "random", "--budget", "4", "--out", run)
    before = played(run)
    text = (amp / "spec.yaml").read_text()
    (amp / "spec.yaml").write_text(text.replace("minimum: 90M}", "minimum: 900M, weight: 3}"))
    done = eda("size", run, "--resume", "--budget", "6")
    assert "-  gbw:            {testbench: loop, unit: Hz, minimum: 90M}" in done.stderr.splitlines(), done.stderr
    assert "+  gbw:            {testbench: loop, unit: Hz, minimum: 900M, weight: 3}" in done.stderr.splitlines()
    assert "the spec has changed (gbw): every earlier turn is scored with the new spec" in done.stderr
    eda("size", amp, "--policy", "random", "--budget", "6", "--out", fresh)
    assert played(run) == played(fresh)
    assert [score for _, score, _ in before] != [score for _, score, _ in played(run)[:5]]
    then, now = state(fresh), state(run)
    assert (
        now.best["index"] == then.best["index"]
        and now.best["score"] == then.best["score"]
        and now.started["specs"] == then.started["specs"]
    )
    # taken up once more nothing has changed; killed before the word that the run goes on, everything is counted anew
    # again
    again = eda("size", run, "--resume")
    assert "changed" not in again.stderr
    lines = (run / "journal.jsonl").read_bytes().splitlines(keepends=True)
    cut = next(place for place, line in enumerate(lines) if b'"type":"spec.changed"' in line)
    assert b'"type":"run.started"' in lines[cut + 1]
    (run / "journal.jsonl").write_bytes(b"".join(lines[: cut + 1]))
    eda("size", run, "--resume", "--budget", "6")
    assert played(run) == played(fresh)


def test_a_target_that_the_user_moved_yields_to_the_spec_that_moves_it_later(amp: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    orders = [{"do": "target", "spec": "gbw", "minimum": "200M"}, {"do": "target", "spec": "power", "maximum": "300u"}]
    (run / "orders.jsonl").write_text("".join(json.dumps(one) + "\n" for one in orders))
    eda("size", amp, "--policy", "random", "--budget", "2", "--out", run, "--orders-from", "0")
    (amp / "spec.yaml").write_text((amp / "spec.yaml").read_text().replace("minimum: 90M", "minimum: 500M"))
    eda("size", run, "--resume", "--budget", "3")
    bounds = {spec["name"]: (spec["minimum"], spec["maximum"]) for spec in state(run).started["specs"]}
    assert bounds["gbw"] == (500e6, None) and bounds["power"] == (None, 300e-6)


CHANGES = [
    ("load.inc", "nothing=1", "nothing=2", "the netlist or an included file"),
    ("spec.yaml", "load: 2p", "load: 3p", "testbenches: loop"),
    ("spec.yaml", "vdd: 3.3", "vdd: 3.0", "corners: nominal"),
    ("spec.yaml", "W12: {min: 1u", "W12: {min: 2u", "parameters: W12"),
    ("spec.yaml", "  gbw: ", "  bandwidth: {testbench: loop, minimum: 1k}\n  gbw: ", "specs: bandwidth"),
]


def test_what_the_measurements_depend_on_may_not_change(amp: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    eda("size", amp, "--policy", "random", "--budget", "1", "--out", run)
    before = (run / "journal.jsonl").read_bytes()
    for file, old_text, new_text, says in CHANGES:
        text = (amp / file).read_text()
        assert old_text in text
        (amp / file).write_text(text.replace(old_text, new_text, 1))
        refused = eda("size", run, "--resume", "--budget", "2")
        assert (
            refused.returncode == 2
            and says in refused.stderr
            and "restore what changed, or start a new run" in refused.stderr
        ), refused.stderr
        assert (run / "journal.jsonl").read_bytes() == before
        (amp / file).write_text(text)
    assert json.loads(eda("size", run, "--resume", "--budget", "2", "--json").stdout)["simulations"] == 2


def test_other_models_and_other_weights(amp: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    eda("size", amp, "--policy", "embedded", "--budget", "1", "--out", run)
    swap(run, lambda opened: opened.update(weights="of another model"))
    assert "has changed since the start of the run" in eda("size", run, "--resume", "--budget", "2").stderr
    swap(run, lambda opened: opened["fingerprint"].update(models={"tt": "of another library"}))
    refused = eda("size", run, "--resume", "--budget", "3")
    assert refused.returncode == 2 and "models: tt" in refused.stderr


def test_a_journal_of_version_0_1_0(amp: Path, tmp_path: Path) -> None:
    """It has no request: policy, seed, corners and budget come from its first event, the rest is said, and other
    targets are seen.
    """
    run, whole = tmp_path / "run", tmp_path / "whole"
    eda("size", amp, "--policy", "embedded", "--seed", "3", "--parallel", "1", "--budget", "3", "--out", run)
    eda("size", amp, "--policy", "embedded", "--seed", "3", "--parallel", "1", "--budget", "4", "--out", whole)
    old(run)
    done = eda("size", run, "--resume")
    assert (
        "stores neither the policy's options" in done.stderr and "give --model again if the run had one" in done.stderr
    ), done.stderr
    assert len(state(run).turns) == 4
    eda("size", run, "--resume", "--budget", "4")
    assert played(run) == played(whole)
    old(run)
    (amp / "spec.yaml").write_text((amp / "spec.yaml").read_text().replace("minimum: 90M", "minimum: 900M"))
    assert "the spec has changed (gbw)" in eda("size", run, "--resume").stderr
    assert played(run)[0][1] < played(whole)[0][1]
