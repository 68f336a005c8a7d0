"""AnalogGym's amplifiers are drafted by `init` from their netlists: one of our own in the same format."""

import json
import subprocess
import sys

from benchmarks.public_drafts import main
from eda_agent.problem.load import load_problem
from tests.public.test_public_suites import AMPLIFIER, VARIABLES


def test_amplifiers_are_drafted_as_a_suite(tmp_path, capsys):
    place = tmp_path / "gym" / "Amplifier"
    for part, name, text in (
        ("spice_netlist", "own_amp", AMPLIFIER),
        ("design_variables", "own_amp", VARIABLES),
        ("design_variables", "Missing_Amp", VARIABLES),
    ):
        (place / part).mkdir(parents=True, exist_ok=True)
        (place / part / name).write_text(text, encoding="utf-8")
    out = tmp_path / "drafts"
    assert main([str(tmp_path / "gym"), str(out)]) == 0
    rows = [line.split("|") for line in (out / "drafts.md").read_text(encoding="utf-8").splitlines()[2:]]
    cells = {row[1].strip(): [cell.strip() for cell in row[2:-1]] for row in rows}
    assert cells["Missing_Amp"][-1] == "spice_netlist/Missing_Amp is missing"
    problem = load_problem(out / "own_amp" / "spec.yaml")
    kind, parameters, specs, met, _, seconds, _ = cells["own_amp"]
    assert kind == "op-amp" and int(parameters) == len(problem.space.parameters) and int(specs) == len(problem.specs)
    assert 0 <= int(met) <= int(specs) and float(seconds) > 0
    # the suite is one that `bench` runs
    command = [sys.executable, "-m", "eda_agent", "bench", str(out / "drafts.yaml"), "--policy", "random", "--json"]
    options = ["--budget", "1", "--seeds", "1", "--workers", "1", "--out", str(tmp_path / "result")]
    done = json.loads(subprocess.run(command + options, capture_output=True, text=True, check=True).stdout)
    assert done["runs"] == 1 and done["errors"] == 0
