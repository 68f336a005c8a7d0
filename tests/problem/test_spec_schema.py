"""The JSON schema of spec.yaml accepts what the loader accepts, and refuses the keys that the loader refuses."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from eda_agent.errors import InputError
from eda_agent.problem.load import load_problem
from eda_agent.problem.spec_schema import spec_schema
from eda_agent.record.schemas import schema

from ..conftest import CIRCUITS, NAMES, ROOT

VALIDATOR = Draft202012Validator(spec_schema())


def paths_to_mappings(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The place of every mapping with keys of ours: those whose keys are names of the user's are left out."""
    found = [at] if isinstance(data, dict) and (at == () or len(at) == 2 or at == ("budget",)) else []
    for key, value in data.items() if isinstance(data, dict) else ():
        found += paths_to_mappings(value, (*at, key))
    return found


def refused(data: Any, folder: Path) -> bool:
    (folder / "spec.yaml").write_text(yaml.safe_dump(data, allow_unicode=True))
    try:
        load_problem(folder)
    except InputError:
        return True
    return False


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(spec_schema())


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_specs_have_it(name: str) -> None:
    assert [
        error.message for error in VALIDATOR.iter_errors(yaml.safe_load((CIRCUITS / name / "spec.yaml").read_text()))
    ] == []


def test_the_specs_of_the_documents_have_it() -> None:
    found = 0
    for page in ("spec.md", "extending.md"):
        for text in re.findall(r"```yaml[^\n]*\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL):
            data = yaml.safe_load(text)
            if {"circuit", "testbenches", "specs"} <= data.keys():
                # a template that the page adds is none yet
                new = {"filter_step"} & {bench.get("template") for bench in data["testbenches"].values()}
                assert bool(new) != VALIDATOR.is_valid(data), (
                    page,
                    [error.message for error in VALIDATOR.iter_errors(data)],
                )
                found += 1
    assert found >= 3


@pytest.mark.parametrize("name", ["two_stage_miller", "ldo", "strongarm"])
def test_an_unknown_key_is_refused_by_both(name: str, tmp_path: Path) -> None:
    shutil.copytree(CIRCUITS / name, tmp_path, dirs_exist_ok=True)
    data = yaml.safe_load((CIRCUITS / name / "spec.yaml").read_text())
    assert not refused(data, tmp_path)
    places = [path for path in paths_to_mappings(data) if path[:1] not in {("corners",), ("ports",)}]
    assert {path[:1] for path in places} >= {(), ("parameters",), ("testbenches",), ("specs",)}
    for path in places:
        broken = copy.deepcopy(data)
        node = broken
        for key in path:
            node = node[key]
        node["colour"] = "blue"
        assert not VALIDATOR.is_valid(broken), path
        assert refused(broken, tmp_path), path


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("circuit",), None),
        (("parameters",), {}),
        (("specs",), {}),
        (("pdk",), "sky131"),
        (("budget",), {"until": "tomorrow"}),
        (("parameters", "W12", "scale"), "cubic"),
        (("parameters", "W12"), {"max": "9u"}),
        (("specs", "gbw", "minimum"), ["1"]),
        (("specs", "gbw", "objective"), "more"),
        (("testbenches", "loop"), {"template": "opamp_open_lop"}),
        (("match",), "M1 M2"),
        (("corners",), "many"),
        (("measures",), {"x": {"testbench": "loop", "analysis": "ac", "unit": "V"}}),
        (("bias", "ib"), {"curent": "1u"}),
    ],
)
def test_a_wrong_value_is_refused_by_both(path: tuple[str, ...], value: Any, tmp_path: Path) -> None:
    shutil.copytree(CIRCUITS / "two_stage_miller", tmp_path, dirs_exist_ok=True)
    data = yaml.safe_load((CIRCUITS / "two_stage_miller" / "spec.yaml").read_text())
    node = data
    for key in path[:-1]:
        node = node[key]
    if value is None:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    assert not VALIDATOR.is_valid(data)
    assert refused(data, tmp_path)


def test_the_command_prints_it() -> None:
    done = subprocess.run([sys.executable, "-m", "eda_agent", "schema"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == schema("spec") == spec_schema()
