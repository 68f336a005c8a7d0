"""What a simulator process can no longer do once confined, tried from inside; and what missing layers leave open."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.sandbox import gaps, landlock

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")

TRIES = r"""
import ctypes, json, os, resource, socket, subprocess, sys, threading
from pathlib import Path
from eda_agent.simulation.sandbox import confine

folder, outside, secret = (Path(word) for word in sys.argv[1:4])
os.chdir(folder)
listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen()
unix = socket.socket(socket.AF_UNIX)
(folder / "a").write_text("x")
opened = os.open(folder / "a", os.O_RDONLY)
TKILL, TGKILL, QUEUE = {"x86_64": (200, 234, 129), "aarch64": (130, 131, 138)}[os.uname().machine]
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
    "read own": lambda: (folder / "a").read_text(),
    "thread": started,
    "signal itself": lambda: refused(lambda: libc.syscall(TGKILL, os.getpid(), os.getpid(), 0)),
    "name itself": lambda: refused(lambda: libc.prctl(15, b"worker", 0, 0, 0)),
    "zeros": lambda: open("/dev/zero", "rb").read(4),
    "! write own": lambda: (folder / "a").write_text("x"),
    "! make own": lambda: (folder / "new").write_text("x"),
    "! make many": lambda: [os.mkdir(folder / str(number)) for number in range(10)],
    "! remove own": lambda: (folder / "a").unlink(),
    "! temporary file": lambda: os.open(folder, os.O_TMPFILE | os.O_RDWR),
    "! rights": lambda: os.chmod(secret, 0o777),
    "! rights of an open file": lambda: os.fchmod(opened, 0o777),
    "! owner": lambda: os.chown(secret, os.getuid(), os.getgid()),
    "! times": lambda: os.utime(secret, (0, 0)),
    "! times of an open file": lambda: os.utime(opened, (0, 0)),
    "! attributes": lambda: os.setxattr(secret, "user.x", b"x"),
    "! attributes of an open file": lambda: os.setxattr(opened, "user.x", b"x"),
    "! watch": lambda: refused(lambda: libc.inotify_init1(0)),
    "! signal a thread": lambda: refused(lambda: libc.syscall(TKILL, os.getppid(), 0)),
    "! signal a thread of the parent": lambda: refused(lambda: libc.syscall(TGKILL, os.getppid(), os.getppid(), 0)),
    "! queue a signal": lambda: refused(lambda: libc.syscall(QUEUE, os.getppid(), 10, ctypes.create_string_buffer(128))),
    "! priority of the parent": lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19),
    "! processors of the parent": lambda: os.sched_setaffinity(os.getppid(), {0}),
    "! scheduler of the parent": lambda: os.sched_setscheduler(os.getppid(), os.SCHED_IDLE, os.sched_param(0)),
    "! shared memory": lambda: refused(lambda: libc.shmget(0, 4096, 0o1600)),
    "! semaphores": lambda: refused(lambda: libc.semget(0, 1, 0o1600)),
    "! messages": lambda: refused(lambda: libc.msgget(0, 0o1600)),
    "! outlive the parent": lambda: refused(lambda: libc.prctl(1, 0, 0, 0, 0)),
    "! let others trace": lambda: refused(lambda: libc.prctl(0x59616D61, -1, 0, 0, 0)),
    "! more open files": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    "! a call of tomorrow": lambda: refused(lambda: libc.syscall(900, 0, 0)),
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
chosen = sys.argv[4].split(",") if len(sys.argv) > 4 else list(tries)
for name, act in ((name, tries[name]) for name in chosen):
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
        [sys.executable, "-c", TRIES, str(own), str(outside), str(secret)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answer = json.loads(told.stdout)
    if gaps(answer["held"]):
        # older kernels and some containers offer neither; the product runs there too and `doctor` says so
        pytest.skip(f"this kernel gives only {answer['held']}")
    wrong = {
        name: what for name, what in answer["found"].items() if what != ("refused" if name.startswith("!") else "done")
    }
    assert not wrong
    assert secret.read_text() == "secret" and [entry.name for entry in outside.iterdir()] == ["key"]


@pytest.mark.parametrize("layer", ["landlock", "seccomp"])
@LINUX
def test_one_layer_alone_keeps_files_from_being_written(tmp_path: Path, layer: str) -> None:
    """Where a kernel has only one of the two, nothing is written, emptied or removed all the same."""
    own, outside = tmp_path / "own", tmp_path / "outside"
    own.mkdir()
    outside.mkdir()
    secret = outside / "key"
    secret.write_text("secret")
    other = {"landlock": "seccomp.install", "seccomp": "landlock.restrict"}[layer]
    without = f"from eda_agent.simulation import sandbox\nsandbox.{other} = lambda *_: False\n"
    tries = "! write elsewhere,! append elsewhere,! truncate elsewhere,! rename out,! remove elsewhere,! hard link"
    told = subprocess.run(
        [sys.executable, "-c", without + TRIES, str(own), str(outside), str(secret), tries],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answer = json.loads(told.stdout)
    if not any(name.startswith(layer) for name in answer["held"]):
        pytest.skip(f"this kernel gives only {answer['held']}")
    assert set(answer["found"].values()) == {"refused"}
    assert secret.read_text() == "secret" and [entry.name for entry in outside.iterdir()] == ["key"]
    assert gaps(answer["held"])


RIGHTS = "change the rights of the user's files and the priority of processes"


def test_what_missing_layers_leave_open_is_said() -> None:
    assert gaps(["no capabilities", "landlock 7", "seccomp"]) == []
    assert gaps(["no capabilities", "seccomp"]) == ["read the user's files"]
    assert gaps(["no capabilities", "landlock 2"]) == [
        "start programs and use the network",
        RIGHTS,
        "empty the user's files",
        "send signals to other processes",
    ]
    assert gaps(["no capabilities", "landlock 6"]) == ["start programs", RIGHTS]
    assert len(gaps([])) == 6


@LINUX
def test_what_missing_layers_cost_is_what_is_said() -> None:
    """Tried from inside, layer by layer: nothing can be done that `gaps` does not say, and what the page says is what
    was found.
    """
    from tests.hostile.attack.layers import costs, table

    found = costs()
    if found[0].said:
        pytest.skip(f"this kernel gives only {found[0].held}")
    assert not found[0].can and all(one.can for one in found[1:])
    assert [one.lacks for one in found if not one.honest] == []
    if landlock.version() >= 6:
        # who is root is kept from priorities by the lack of capabilities alone
        told = [replace(one, can=tuple(phrase for phrase in one.can if "priority" not in phrase)) for one in found]
        assert table(told) in (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")


@LINUX
def test_a_worker_is_given_named_variables_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHON_KEY", "LC_SECRET", "OMP_TOKEN", "SPICE_PASSWORD", "COV_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "secret")
    with LocalPool(1) as pool:
        assert pool.version
        environment = Path(f"/proc/{pool.pids()[0]}/environ").read_bytes()
    assert b"secret" not in environment and b"PATH=" in environment


@LINUX
def test_workers_say_what_holds_and_leave_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with LocalPool(2) as pool:
        assert pool.version
        assert {layer.split(" ")[0] for layer in pool.sandbox} <= {"no", "landlock", "seccomp"}
        assert len(list(tmp_path.glob("eda-agent-*/[0-9]*"))) == len(pool.pids()) > 0
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("EDA_AGENT_SANDBOX", "0")
    with LocalPool(1) as pool:
        assert pool.version and pool.sandbox == []


@LINUX
@pytest.mark.parametrize(
    ("limit", "met"),
    [("-v 700000", True), ("-n 64", True), ("-f 1024", True), ("-s 256", False)],
    ids=["memory", "files", "size", "stack"],
)
def test_the_limits_of_the_machine(limit: str, met: bool) -> None:
    """The smaller of the machine's and ours holds; what is too small for a simulator is said."""
    command = f"ulimit {limit}; exec {sys.executable} -m eda_agent sim circuits/tia --no-cache"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1 and "Traceback" not in done.stdout + done.stderr
    assert (
        "the limit of stack is 256 kB, but a simulator needs 1024 kB" in " ".join((done.stdout + done.stderr).split())
    ) != met


def test_limits_are_lowered_and_never_raised() -> None:
    code = """
import resource
from eda_agent.simulation import limits
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
limits.lower()
print(resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_AS)[0] <= limits.MEMORY, repr(limits.too_small()))
resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10))
print(limits.too_small())
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert told == ["(100, 100) True ''", "the limit of open files is 10, but a simulator needs 16 (ulimit -n 16)"]
