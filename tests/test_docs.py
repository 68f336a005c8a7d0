"""What the documents show runs: the spec of docs/spec.md loads, and the README's commands exist."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eda_agent.agent.history import History
from eda_agent.agent.policies.registry import make_policy
from eda_agent.cli.parser import build_parser
from eda_agent.metrics import METRICS
from eda_agent.problem import layout, load, load_budget, load_measures, load_specs
from eda_agent.problem.load import load_problem
from eda_agent.problem.load_match import RATIO_KEYS
from eda_agent.problem.load_space import PARAMETER_KEYS
from eda_agent.problem.load_testbench import BIAS_KEYS, read_template, template_names
from eda_agent.problem.pdk import find_pdk, form

from .conftest import CIRCUITS, ROOT


def test_the_example_spec_loads(tmp_path: Path) -> None:
    text = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "spec.md").read_text(), re.DOTALL)[0]
    # two lines show alternatives that the shipped circuit does not have
    text = "\n".join(line for line in text.splitlines() if not line.startswith(("ratios", "ports", "  M7.m")))
    (tmp_path / "spec.yaml").write_text(text)
    (tmp_path / "two_stage_miller.spice").write_text(
        (CIRCUITS / "two_stage_miller" / "two_stage_miller.spice").read_text()
    )
    problem = load_problem(tmp_path)
    assert problem.corners[1].settings == {"load": 4e-12}
    assert problem.specs[1].weight == 2.0


def test_every_template_metric_and_setting_is_documented() -> None:
    text = (ROOT / "docs" / "spec.md").read_text()
    for name in template_names():
        data = read_template(name)
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}`"))
        for word in (*data["settings"], *data["metrics"]):
            assert word in row, (name, word)
        assert set(data["metrics"]) <= set(METRICS)


def test_every_key_is_documented() -> None:
    """Each key that spec.yaml or a PDK file may have stands as code on its page."""
    tables = (load, load_budget, load_measures, load_specs, layout)
    spec = {key for table in tables for key in table.KEYS} | {*PARAMETER_KEYS, *RATIO_KEYS, *BIAS_KEYS}
    for page, keys in (("spec.md", spec), ("pdk.md", {*form._KEYS, *form._RULE})):
        code = " ".join(re.findall(r"```.*?```|`[^`\n]*`", (ROOT / "docs" / page).read_text(), re.DOTALL))
        assert not [key for key in keys if not re.search(rf"\b{key}\b", code)], page


def test_commands_of_the_readme_parse() -> None:
    text, parser = (ROOT / "README.md").read_text(), build_parser()
    blocks = "".join(
        code for kind, code in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE) if not kind
    )
    commands = re.findall(r"^(?:\S*/)?eda-agent (.+?)\s*(?:#.*)?$", blocks, re.MULTILINE)
    assert {command.split()[0] for command in commands} >= {
        "init",
        "check",
        "size",
        "show",
        "report",
        "export",
        "doctor",
    }
    for command in (*commands, *re.findall(r"`eda-agent ([a-z][^`]*)`", text)):
        parser.parse_args(command.split())


def test_links_of_the_documents_lead_somewhere() -> None:
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_readmes_spec_and_python_run(tmp_path: Path) -> None:
    """The ten-line spec is met by the Python example, and the run writes the files that the README lists."""
    text = (ROOT / "README.md").read_text()
    (tmp_path / "spec.yaml").write_text(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0])
    shutil.copy(CIRCUITS / "two_stage_miller" / "two_stage_miller.spice", tmp_path)
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("True 1.0 ")
    rows = re.findall(r"^\| `(\w+\.\w+)`", text[text.index("## What a run writes") :], re.MULTILINE)
    assert {"sized.spice", "best.json", "journal.jsonl"} <= set(rows)
    (folder,) = (tmp_path / "runs").iterdir()
    assert all((folder / row).exists() for row in rows)


@pytest.mark.evidence
def test_the_tutorial_after_layout_runs(tmp_path: Path) -> None:
    """Its commands, on the spec with its line; what it says of the drawing holds."""
    text = (ROOT / "docs" / "post_layout.md").read_text()
    shutil.copytree(CIRCUITS / "two_stage_miller", tmp_path / "opamp")
    with (tmp_path / "opamp" / "spec.yaml").open("a") as file:
        file.write(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0])
    commands = [
        line.removeprefix("eda-agent ").split()
        for block in re.findall(r"```\n(eda-agent .*?)```", text, re.DOTALL)
        for line in block.splitlines()
    ]
    assert [command[0] for command in commands] == ["size", "export", "sim", "size", "show", "sim"]
    said = {}
    for number, command in enumerate(commands):
        done = subprocess.run(
            [sys.executable, "-m", "eda_agent", *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        # nets that only labels join are a difference of LVS
        assert done.returncode in {0, 1}, (command, done.stderr)
        said[number] = done.stdout + done.stderr
    assert (
        "55 transistors (fingers) are 8 of the schematic" in said[2]
        and "not in the extracted netlist, taken from the schematic: rz, cc" in said[2]
    )
    assert "✓ met" in said[0] and "wire capacitances of amp.spice" in said[4] and "wire capacitances" not in said[5]


def test_the_pdk_page_shows_a_file_that_loads(tmp_path: Path) -> None:
    text = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "pdk.md").read_text(), re.DOTALL)[0]
    (tmp_path / "fab.yaml").write_text(text)
    pdk = find_pdk("fab.yaml", tmp_path)
    assert pdk.corners["ss"] == ("slow",)
    assert pdk.devices["nch"].length == (0.18e-6, 20e-6)


def test_the_policy_of_the_document_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `tests/agent/test_policies.py` asks of every policy: legal, and the same when it is asked again."""
    code = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "resume.md").read_text(), re.DOTALL)[0]
    (tmp_path / "halfway_of_the_docs.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    problem = load_problem(CIRCUITS / "ota_5t")
    policy, history = make_policy("python:halfway_of_the_docs.Halfway", 3), History(problem)
    first = policy.propose(history).sizing
    assert first is not None and first == policy.propose(history).sizing
    assert problem.space.snap(first).keys() == problem.space.initial.keys()
