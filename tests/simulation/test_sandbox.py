"""What a simulator process can no longer do once it is confined, tried from inside; and the folders that it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.scratch import Scratch, sweep

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")

TRIES = r"""
import ctypes, json, os, resource, socket, subprocess, sys, threading
from pathlib import Path
from eda_agent.simulation.sandbox import confine

folder, outside, secret = (Path(word) for word in sys.argv[1:4])
os.chdir(folder)
listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen()
unix = socket.socket(socket.AF_UNIX)
held = confine(folder)
libc = ctypes.CDLL(None, use_errno=True)

def forked():
    child = os.fork()
    if child == 0:
        os._exit(0)

def started():
    thread = threading.Thread(target=lambda: done.append(1)); thread.start(); thread.join()
    assert done

def raised_limit():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

def refused(call):
    if call() < 0:
        raise OSError(ctypes.get_errno(), "refused")

done = []
tries = {
    "write own": lambda: (folder / "a").write_text("x"),
    "read own": lambda: (folder / "a").read_text(),
    "remove own": lambda: (folder / "a").unlink(),
    "thread": started,
    "null": lambda: open("/dev/null", "w").write("x"),
    "random": lambda: os.urandom(4),
    "import": lambda: __import__("xml.dom.minidom"),
    "limits": lambda: resource.getrlimit(resource.RLIMIT_AS),
    "! write elsewhere": lambda: (outside / "evil").write_text("x"),
    "! append elsewhere": lambda: secret.open("a").write("x"),
    "! truncate elsewhere": lambda: os.truncate(secret, 0),
    "! read a secret": lambda: secret.read_text(),
    "! read through a link": lambda: (os.symlink(secret, folder / "link"), (folder / "link").read_text()),
    "! hard link": lambda: os.link(secret, folder / "hard"),
    "! list": lambda: os.listdir(outside),
    "! password file": lambda: Path("/etc/passwd").read_text(),
    "! rename out": lambda: ((folder / "b").write_text("x"), os.rename(folder / "b", outside / "b")),
    "! remove elsewhere": lambda: secret.unlink(),
    "! make a device": lambda: os.mknod(folder / "device", 0o600 | 0o020000, os.makedev(1, 3)),
    "! socket": lambda: socket.socket(),
    "! ipv6": lambda: socket.socket(socket.AF_INET6),
    "! udp": lambda: socket.socket(type=socket.SOCK_DGRAM),
    "! unix socket": lambda: socket.socket(socket.AF_UNIX),
    "! socket pair": lambda: socket.socketpair(),
    "! accept": lambda: listener.accept(),
    "! connect": lambda: unix.connect("/run/nobody"),
    "! fork": forked,
    "! spawn": lambda: subprocess.run(["/bin/true"], check=True),
    "! exec": lambda: os.execv("/bin/true", ["true"]),
    "! signal the parent": lambda: os.kill(os.getppid(), 0),
    "! raise a limit": raised_limit,
    "! trace": lambda: refused(lambda: libc.ptrace(16, os.getppid(), 0, 0)),
    "! unshare": lambda: refused(lambda: libc.unshare(0x10000000)),
    "! mount": lambda: refused(lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
    "! chroot": lambda: os.chroot(folder),
    "! memory file": lambda: os.memfd_create("x"),
    "! kernel program": lambda: refused(lambda: libc.syscall({"x86_64": 321, "aarch64": 280}[os.uname().machine], 0, 0, 0)),
    "! io_uring": lambda: refused(lambda: libc.syscall(425, 1, 0)),
}
found = {}
for name, act in tries.items():
    try:
        act()
        found[name] = "done"
    except (OSError, ValueError) as error:
        found[name] = "refused"
print(json.dumps({"held": held, "found": found}))
"""


@LINUX
def test_from_inside(tmp_path: Path) -> None:
    own, outside = tmp_path / "own", tmp_path / "outside"
    own.mkdir()
    outside.mkdir()
    secret = outside / "key"
    secret.write_text("secret")
    told = subprocess.run(
        [sys.executable, "-c", TRIES, str(own), str(outside), str(secret)], capture_output=True, text=True, timeout=60, check=True
    )
    answer = json.loads(told.stdout)
    if "landlock" not in answer["held"] or "seccomp" not in answer["held"]:
        # older kernels and some containers offer neither; the product runs there too and `doctor` says so
        pytest.skip(f"this kernel gives only {answer['held']}")
    wrong = {name: what for name, what in answer["found"].items() if what != ("refused" if name.startswith("!") else "done")}
    assert not wrong
    assert secret.read_text() == "secret" and [entry.name for entry in outside.iterdir()] == ["key"]


@LINUX
def test_workers_say_what_holds_and_leave_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with LocalPool(2) as pool:
        assert pool.version
        assert set(pool.sandbox) <= {"no capabilities", "landlock", "seccomp"}
        assert len(list(tmp_path.glob("eda-agent-*/*"))) == len(pool.pids()) > 0
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("EDA_AGENT_SANDBOX", "0")
    with LocalPool(1) as pool:
        assert pool.version and pool.sandbox == []


def test_what_the_killed_left_behind_is_swept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    stale = tmp_path / f"eda-agent-{ended.pid}-abc"
    (stale / "1").mkdir(parents=True)
    (stale / "1" / "raw").write_text("x")
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    (tmp_path / f"eda-agent-{ended.pid}-link").symlink_to(treasure)
    for kept in ("eda-agent-notes-x", f"eda-agent-{os.getpid()}-abc", "eda-agent-12-a b"):
        (tmp_path / kept).mkdir()
    assert sweep() == 1
    assert not stale.exists() and treasure.exists()
    scratch = Scratch()
    folder = scratch.take()
    assert folder.is_dir() and folder.stat().st_mode & 0o077 == 0
    scratch.give(folder)
    assert not folder.exists()
    scratch.close()
    assert not scratch.folder.exists()
