"""What is shipped: locked, licensed as the page says, the same bytes twice, within its budgets."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.supply import __main__ as supply
from tests.supply.licences import COPYLEFT, PAGE, declared, installed, page
from tests.supply.locks import BASE, DEV, LOCKS, ROOT, locked, normal

WHEEL = 6 * 2**20
"""Bytes of the wheel; 5.3 million now, most of it the weights: transformer, surrogates and universal surrogate."""
HEAVY = [
    "numpy",
    "scipy",
    "torch",
    "textual",
    "PySpice",
    "optuna",
    "klayout",
    "openai",
    "ray",
    "spicelib",
    "safetensors",
    "plotext",
]
MODULES = 260
"""Modules that `--version` may import: 200 now, most of them Python's."""


def test_what_is_installed_is_what_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name, version in {**locked(DEV), **locked(BASE)}.items():
        try:
            assert importlib.metadata.version(name) == version, name
        except importlib.metadata.PackageNotFoundError:
            assert name not in {normal(entry.split(">")[0].split("=")[0]) for entry in project["dependencies"]}
    # the same package has one version
    assert {name: version for name, version in locked(DEV).items() if name in locked(BASE)}.items() <= locked(
        BASE
    ).items()


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_both_locks_name_the_same_version_for_every_python(python: str) -> None:
    base = locked(BASE, python)
    shared = {name: version for name, version in locked(DEV, python).items() if name in base}
    assert "contourpy" in shared and {name: base[name] for name in shared} == shared


def test_every_locked_package_has_its_hashes() -> None:
    for entry in BASE.read_text().split("\n\n")[0].replace("\\\n", " ").splitlines():
        if entry and not entry.lstrip().startswith("#"):
            assert "--hash=sha256:" in entry, entry
    # an index of one's own network is nobody's business
    assert not any("http://" in lock.read_text() or "https://" in lock.read_text() for lock in LOCKS)


def test_the_page_of_licences_is_what_the_packages_declare() -> None:
    # the page is of Python 3.11's versions; another version of a package may declare the same licence in other words
    moved = {name for name, version in locked(BASE).items() if locked(BASE, "3.11").get(name) != version}
    rows = [
        [line for line in text.splitlines() if line.removeprefix("| ").split(" ")[0] not in moved]
        for text in (PAGE.read_text(), page())
    ]
    assert rows[0] == rows[1]
    assert sys.version_info[:2] != (3, 11) or not moved
    assert {name for name in installed() if "GPL" in declared(name) or "General Public" in declared(name)} == COPYLEFT
    assert "not declared" not in page()


def test_an_audit_tells_weaknesses_and_what_it_could_not_look_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(rows: list[dict[str, object]]) -> None:
        text = json.dumps({"dependencies": rows})
        monkeypatch.setattr(supply.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, text, ""))

    answer([{"name": "a", "skip_reason": "not found"}])
    assert supply.audit() == 0
    assert "0 looked up" in capsys.readouterr().out
    answer([{"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}])
    assert supply.audit() == 1
    assert "a 1: CVE-1, mended in 2" in capsys.readouterr().out


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two of the same files, built in two folders."""
    found = []
    names = (
        subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    )
    for name in ("one", "two"):
        folder = tmp_path_factory.mktemp(name)
        for file in filter(None, names):
            source, target = ROOT / file, folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_symlink():
                target.symlink_to(source.readlink())
            elif source.exists():
                target.write_bytes(source.read_bytes())
        subprocess.run(
            [sys.executable, "-m", "build", "--wheel", "-o", str(folder / "dist"), str(folder)],
            env={"PATH": "/usr/bin:/bin", "HOME": str(Path.home()), "SOURCE_DATE_EPOCH": "1700000000"},
            capture_output=True,
            check=True,
        )
        found.extend((folder / "dist").glob("*.whl"))
    return found


def test_a_wheel_is_the_same_twice_and_small(wheels: list[Path]) -> None:
    one, two = wheels
    assert hashlib.sha256(one.read_bytes()).hexdigest() == hashlib.sha256(two.read_bytes()).hexdigest()
    assert one.stat().st_size < WHEEL
    names = zipfile.ZipFile(one).namelist()
    assert all(name.startswith(("eda_agent/", "eda_agent-")) for name in names)
    for needed in (
        "agent/language/weights/model.safetensors",
        "circuits/two_stage_miller/spec.yaml",
        "problem/pdk/gf180mcuD.yaml",
        "train/recipes/tiny.yaml",
    ):
        assert f"eda_agent/{needed}" in names


def test_a_command_imports_what_it_needs() -> None:
    code = (
        "import sys\nfrom eda_agent.cli import main\ntry:\n    main(['--version'])\nexcept SystemExit:\n   "
        " pass\nprint(*sys.modules, sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = done.stdout.splitlines()
    assert [name for name in modules if name.split(".")[0] in HEAVY] == []
    assert len(modules) < MODULES
