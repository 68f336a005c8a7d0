"""Calls of a designer's script: a process of its own per script answers them, each within a time limit."""

from __future__ import annotations

import atexit
import contextlib
import json
import math
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from eda_agent.problem.own_script import CONDITION, SECONDS, OwnScript
from eda_agent.problem.spec import Corner
from eda_agent.simulation.worker_process import PASSED

_FOLDERS = 500
_ANSWER = 1_000_000
"""Bytes of an answer."""
_LOST = 3
"""Calls in a row without an answer after which a script is not called again."""


def with_script(
    script: OwnScript, corner: Corner, settings: Mapping[str, float], reply: Mapping[str, Any]
) -> dict[str, Any]:
    """A deck's reply with the metrics that its script computes.

    Args:
        script: the script of the deck's testbench.
        corner: the deck's corner.
        settings: the deck's settings in it.
        reply: of the worker; without `metrics` it stays as it is.
    """
    if "metrics" not in reply:
        return dict(reply)
    measured = reply["metrics"]
    missing = [name for name in script.inputs.values() if measured.get(name, (None,))[0] is None]
    if missing:
        found: Mapping[str, Any] = {"error": f"{', '.join(missing)} has no value"}
    else:
        results = {variable: [measured[name][0]] for variable, name in script.inputs.items()}
        conditions = {**script.conditions, **{name.removeprefix(CONDITION): value for name, value in settings.items()}}
        conditions |= {"corner": corner.process, "temperature": corner.temperature}
        conditions |= {script.supply: corner.vdd} if script.supply else {}
        found = _process(str(script.file), _text(script.file), str(script.root or "")).call(results, conditions)
    return {**reply, "metrics": {**measured, **{name: _metric(script, name, found) for name in script.results}}}


def _metric(script: OwnScript, name: str, found: Mapping[str, Any]) -> tuple[float | None, str, str]:
    """(value, why there is none, "") of a result."""
    if "error" in found:
        return None, f"{script.file.name}: {found['error']}", ""
    values = {key.lower(): value for key, value in found.get("values", {}).items()}.get(name)
    if not values:
        return None, f"{script.file.name} gave no {name}", ""
    if len(values) > 1:
        return None, f"{script.file.name} gave {len(values)} values of {name}, not one", ""
    return (values[0], "", "") if math.isfinite(values[0]) else (None, "the number is not finite", "")


def _text(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace")
    return ""


@lru_cache(maxsize=16)
def _process(path: str, text: str, root: str) -> _Process:
    """The process of a script; a changed text starts another."""
    return _Process(path, root)


class _Process:
    """A script's process; it starts at the first call, and again after one that was lost."""

    def __init__(self, path: str, root: str) -> None:
        self.path, self.lost = path, 0
        self.folder = tempfile.mkdtemp(prefix="eda-agent-script-")
        _empty_tree(root, self.folder)
        self.running: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    def call(self, results: Mapping[str, Any], conditions: Mapping[str, Any]) -> Mapping[str, Any]:
        """{"values": name → list} or {"error": words}."""
        if self.lost >= _LOST:
            return {"error": f"no answer in {_LOST} calls, so it is not called again"}
        if self.running is None:
            self.running = self._start()
        try:
            line = json.dumps({"results": results, "conditions": conditions}).encode() + b"\n"
            assert self.running.stdin is not None
            self.running.stdin.write(line)
            self.running.stdin.flush()
            found = json.loads(self._line())
        except (OSError, ValueError) as error:
            self.stop()
            self.lost += 1
            return {"error": str(error) if isinstance(error, TimeoutError) else "it ended without an answer"}
        self.lost = 0
        return found if isinstance(found, dict) else {"error": "its answer cannot be read"}

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if name in PASSED}
        program = Path(__file__).with_name("own_script_process.py")
        return subprocess.Popen(
            [sys.executable, str(program), self.path],
            cwd=self.folder,
            env=environment,
            start_new_session=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def _line(self) -> bytes:
        """The next line of the answer. Raises `TimeoutError`, or `ValueError` at the end."""
        assert self.running is not None and self.running.stdout is not None
        answer, until = b"", time.monotonic() + SECONDS
        while not answer.endswith(b"\n"):
            ready, _, _ = select.select([self.running.stdout], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise TimeoutError(f"it took longer than {SECONDS:g} s")
            part = os.read(self.running.stdout.fileno(), 65536)
            answer += part
            if not part or len(answer) > _ANSWER:
                raise ValueError
        return answer

    def stop(self) -> None:
        """End the process with all that it started."""
        if self.running is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait()
            for stream in (self.running.stdin, self.running.stdout):
                with contextlib.suppress(OSError):
                    assert stream is not None
                    stream.close()
            self.running = None

    def close(self) -> None:
        """End the process and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _empty_tree(root: str, folder: str) -> None:
    """The folders of a project without their files, so that a script's relative paths exist."""
    count = 0
    for place, names, _ in os.walk(root) if root else ():
        names[:] = [name for name in names if not name.startswith(".")]
        for name in names:
            count += 1
            if count > _FOLDERS:
                return
            os.makedirs(os.path.join(folder, os.path.relpath(os.path.join(place, name), root)), exist_ok=True)
