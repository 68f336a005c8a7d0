"""The wheel and the sdist, installed into a bare environment and used from a folder outside the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import eda_agent
from tests.evidence import cases

from ..conftest import CIRCUITS, ROOT


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an sdist of the tracked files, and the wheel that was built from it."""
    source, dist = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists() or (ROOT / name).is_symlink():
            shutil.copy2(ROOT / name, source / name, follow_symlinks=False)
    command = [sys.executable, "-m", "build", "--no-isolation", "-o", str(dist), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return dist


@pytest.mark.parametrize("kind", cases(["whl", "tar.gz"], "whl"))
def test_an_installed_package_sizes_a_circuit(built: Path, kind: str, tmp_path: Path) -> None:
    """The locked dependencies are taken from this environment; eda-agent itself is the installed one."""
    (package,) = built.glob(f"*.{kind}")
    assert package.name.startswith(f"eda_agent-{eda_agent.__version__}")
    bare = tmp_path / "bare"
    venv.create(bare, symlinks=True)
    python = bare / "bin" / "python"
    site = Path(sysconfig.get_path("purelib", vars={"base": str(bare), "platbase": str(bare)}))
    # a path in a .pth file does not read the .pth files there: not this checkout's own
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env |= {"HOME": str(tmp_path), "KLAYOUT_HOME": str(tmp_path / "klayout"), "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def run(*command: str | Path) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=env, timeout=250)
        assert done.returncode == 0, (command, done.stdout[-1500:], done.stderr[-1500:])
        return done.stdout + done.stderr

    # build isolation would fetch setuptools; it is here already
    offline = ("--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", *offline, package)
    command = bare / "bin" / "eda-agent"
    assert run(command, "--version").split()[-1] == eda_agent.__version__
    assert str(site) in run(python, "-c", "import eda_agent; print(eda_agent.__file__)")
    shutil.copytree(CIRCUITS / "two_stage_miller", tmp_path / "amp")
    assert "✓ met" in run(command, "size", "amp", "--out", "run", "--seed", "0")
    assert "two_stage_miller" in run(command, "show", "run")
    assert (tmp_path / "run" / "sized.spice").exists()
    # data files of every front: the page's styles, the plugin, the app's
    run(command, "report", "run", "--no-sim")
    assert "<style>" in (tmp_path / "run" / "report.html").read_text()
    run(command, "klayout", "install")
    assert list((tmp_path / "klayout").rglob("plugin.py"))
    assert (site / "eda_agent" / "tui" / "app.tcss").exists()


def test_a_run_of_version_0_1_0_opens_goes_on_and_reports(tmp_path: Path) -> None:
    """Its folder was written by that version; `show`, `export`, `report` and `--resume` read it."""
    folder = tmp_path / "ota"
    shutil.copytree(ROOT / "tests" / "fixtures" / "run" / "ota", folder)
    assert '"version":"0.1.0"' in (folder / "journal.jsonl").read_text().splitlines()[0]

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "eda_agent", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=200)
        assert done.returncode in {0, 1} and "Traceback" not in done.stderr, (words, done.stderr)
        return done.stdout + done.stderr

    assert "24 simulations" in run("show", "ota")
    assert "+.param W12=100u" in run("export", "ota", "--diff")
    assert "26 simulations" in run("size", "ota", "--resume", "--budget", "26")
    assert "26 simulations" in run("show", "ota")
    run("report", "ota", "--no-sim")
    assert "dc_gain" in (folder / "report.html").read_text()
