"""What the packages import is what pyproject.toml declares, and nothing is declared that is not used."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib

from eda_agent.cli.commands.doctor import _EXTRAS

from ..conftest import ROOT
from .locks import normal

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
USED_OTHERWISE = {
    "circuitgenome": "its model files are read, not its code",
    "cmaes": "Optuna's CMA-ES sampler",
    "greenlet": "Optuna's Gaussian-process sampler",
    "tensorboard": "torch.utils.tensorboard",
    "trl": "drives our environment from outside, in tests",
}
"""Declared and not imported, and what needs it."""
NOT_INSTALLED = {"vllm": "vllm"}
"""Module → distribution, of what tests have no use for."""

OWN_ENVIRONMENT = {"glayout"}
"""Imported by a script that runs in an environment of its own, for its old numpy (docs/klayout.md)."""


def name_of(requirement: str) -> str:
    return normal(re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0])


def imported() -> dict[str, set[str]]:
    """Distribution → the files that import it."""
    distributions = importlib.metadata.packages_distributions()
    found: dict[str, set[str]] = {}
    for folder in ("eda_agent", "train", "plugins"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    names = [node.module]
                for module in (
                    {name.partition(".")[0] for name in names}
                    - set(sys.stdlib_module_names)
                    - {"eda_agent", "eda_agent_klayout"}
                ):
                    # of several that give a module (pya: klayout), any counts
                    for name in distributions.get(module) or [NOT_INSTALLED.get(module, module)]:
                        found.setdefault(normal(name), set()).add(str(path.relative_to(ROOT)))
    return found


def test_what_is_imported_is_declared_and_what_is_declared_is_used() -> None:
    extras = PROJECT["optional-dependencies"]
    declared = {name_of(entry) for entry in PROJECT["dependencies"]}
    declared |= {name_of(entry) for extra, entries in extras.items() if extra != "dev" for entry in entries} - {
        "eda-agent"
    }
    used = imported()
    assert {name: files for name, files in used.items() if name not in declared | OWN_ENVIRONMENT} == {}
    assert declared - used.keys() - {normal(name) for name in USED_OTHERWISE} == set()
    assert not {normal(name) for name in USED_OTHERWISE} & used.keys(), "it is imported, so it needs no reason"


def test_types_are_those_of_packages_in_use() -> None:
    used = imported()
    stubs = [
        name_of(entry).removeprefix("types-")
        for entry in PROJECT["optional-dependencies"]["dev"]
        if entry.startswith("types-")
    ]
    assert stubs and set(stubs) <= used.keys()


def test_the_doctor_knows_every_extra_and_asks_for_packages_of_it() -> None:
    extras = {
        name: {name_of(entry) for entry in entries}
        for name, entries in PROJECT["optional-dependencies"].items()
        if name != "dev"
    }
    assert set(_EXTRAS) == set(extras)
    for extra, packages in _EXTRAS.items():
        assert {normal(package) for package in packages} <= extras[extra], extra
