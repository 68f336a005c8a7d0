"""The container: its files pass the linters, name what exists, and build where docker runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


def lint(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIN / words[0], *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_dockerfile_passes_its_linter() -> None:
    done = lint("hadolint", "Dockerfile")
    assert done.returncode == 0, done.stdout


def test_the_compose_file_passes_its_linter() -> None:
    done = lint("compose-lint", "check", "compose.yaml")
    assert done.returncode == 0, done.stdout


def test_what_the_dockerfile_copies_and_ignores_exists() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    named = re.findall(r"locks/[\w.]*\w", text)
    assert named and all((ROOT / name).exists() for name in named)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert not {"eda_agent", "circuits", "train", "plugins", "locks"} & set(ignored)


def test_what_the_models_are_compiled_with_is_in_the_image() -> None:
    """The script would install it itself, but the image has no lists of packages any more when the script runs."""
    script = (ROOT / "locks" / "compiled_models.sh").read_text(encoding="utf-8")
    needed = re.findall(r"apt-get install -y -qq (\S+)", script)
    (installed,) = re.findall(r"apt-get install -y --no-install-recommends (.*?) \\", (ROOT / "Dockerfile").read_text())
    assert needed == ["binutils"] and set(needed) <= set(installed.split())


def test_the_model_is_at_the_endpoint_of_the_compose_file() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    endpoint = services["eda-agent"]["environment"]["OPENAI_BASE_URL"]
    name, port = re.fullmatch(r"http://(\w+):(\d+)/v1", endpoint).groups()  # type: ignore[union-attr]
    assert name in services and any(f":{port}/" in word for word in services[name]["healthcheck"]["test"])


def test_the_image_builds() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True, check=False).returncode:
        pytest.skip("docker does not run here")
    subprocess.run([docker, "build", "-q", "-t", "eda-agent-test", "."], cwd=ROOT, check=True, timeout=900)
    done = subprocess.run(
        [docker, "run", "--rm", "eda-agent-test", "doctor"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
