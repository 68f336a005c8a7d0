"""`eda-agent doctor`: list what is installed on this machine, and how to install the rest."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from eda_agent import __version__
from eda_agent.cli.options import Commands, add_json

_REPORTED = (
    "numpy",
    "scipy",
    "PySpice",
    "optuna",
    "openai",
    "klayout",
    "rich",
    "textual",
    "torch",
    "transformers",
    "ray",
)
_TOLD = (
    "NO_COLOR",
    "PDK_ROOT",
    "SPICE_LIB_DIR",
    "NGSPICE_LIBRARY_PATH",
    "OPENAI_BASE_URL",
    "OPENAI_API_KEY",
    "KLAYOUT_HOME",
)
"""Variables whose names, but not values, a report lists if they are set."""
_EXTRAS = {
    "bo": ("torch", "botorch"),
    "local": ("torch", "transformers"),
    "vllm": ("vllm",),
    "train": ("peft", "accelerate", "tensorboard"),
    "envs": ("gymnasium", "trl", "verifiers"),
    "ray": ("ray",),
    "frames": ("pandas",),
    "mcp": ("mcp",),
}


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "doctor",
        help="check the installation",
        description="List what is installed, what is missing, and how to install it.",
    )
    add_json(parser)
    parser.add_argument(
        "--report",
        action="store_true",
        help="print a text for a bug report: installed parts and versions, without names, paths or secrets",
    )
    parser.add_argument(
        "--fix", action="store_true", help="install what simulations need, and list what you must install yourself"
    )
    parser.set_defaults(func=doctor_command)


def doctor_command(options: argparse.Namespace) -> int:
    """Return 0 if circuits can be sized, 3 if something needed is missing."""
    from rich.text import Text

    from eda_agent.cli.render import console, print_json
    from eda_agent.cli.say import write

    rows = list(_examine())
    if options.fix:
        rows = _fixed(rows)
    able = all(row["ok"] for row in rows if row["needed"])
    if options.report:
        write(bug_report(rows))
        return 0 if able else 3
    if options.json:
        print_json({"ok": able, "checks": rows})
        return 0 if able else 3
    screen = console(to_stdout=True)
    for row in rows:
        mark = Text("✓", "green") if row["ok"] else Text("✗", "red") if row["needed"] else Text("–", "yellow")
        screen.print(mark, f"{row['name']:<13} {row['found']}", soft_wrap=True)
        if not row["ok"]:
            screen.print(f"    → {row['fix']}", markup=False, soft_wrap=True)
    return 0 if able else 3


def _fixed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The checks after what is missing was installed, and then what that needs in its turn."""
    import importlib
    import shlex

    from eda_agent.cli.repair import repairs, run_repairs
    from eda_agent.cli.say import say

    done: list[list[str]] = []
    while True:
        commands, advice = repairs(rows)
        fresh = [words for words in commands if words not in done]
        if not fresh:
            break
        run_repairs(fresh, say)
        done += fresh
        importlib.invalidate_caches()
        rows = list(_examine())
    for line in (*(f"{shlex.join(words)} did not help" for words in commands), *advice):
        say(f"left    {line}")
    if not done:
        say("nothing to install")
    return rows


def bug_report(rows: Sequence[Mapping[str, Any]]) -> str:
    """The findings as Markdown for a bug report, without values of variables and without the user's paths or names."""
    import importlib.metadata
    import importlib.util

    lines = ["### eda-agent doctor --report", "", "| | | |", "| --- | --- | --- |"]
    lines += [
        f"| {'ok' if row['ok'] else '**missing**' if row['needed'] else 'no'} | {row['name']} |"
        f" {_anonymous(row['found'])} |"
        for row in rows
    ]
    packages = [f"{name} {importlib.metadata.version(name)}" for name in _REPORTED if importlib.util.find_spec(name)]
    names = sorted(name for name in os.environ if name.startswith("EDA_AGENT_") or name in _TOLD)
    lines += [
        "",
        f"packages: {', '.join(packages)}",
        f"terminal: {os.environ.get('TERM', 'none')}, {'a' if sys.stdout.isatty() else 'no'} screen",
    ]
    lines += [
        f"variables set: {', '.join(names) or 'none'}",
        "",
        "What I did, what I expected, what happened instead:",
        "",
    ]
    return "\n".join(lines)


def _anonymous(text: str) -> str:
    """Replace the user's folders, name and machine; the end of a path is enough."""
    import getpass
    import platform

    from eda_agent.errors import visible

    # match as much as may be a path, because folders have spaces in their names
    text = re.sub(r"(?<![\w.])/.*/", "…/", visible(text)).replace("|", " ")
    for private in (getpass.getuser(), platform.node()):
        # a name of one or two letters would also match parts of words
        text = re.sub(rf"(?<!\w){re.escape(private)}(?!\w)", "…", text) if len(private) > 2 else text
    return text


def _row(name: str, ok: bool, found: str, fix: str = "", *, needed: bool = False) -> dict[str, Any]:
    return {"name": name, "ok": ok, "found": found, "fix": fix, "needed": needed}


def _examine() -> Any:
    import importlib.metadata
    import importlib.util
    import platform

    from eda_agent.cli.pdk_service import pdk_root, serves
    from eda_agent.errors import EdaAgentError
    from eda_agent.problem.pdk import find_pdk, pdk_names
    from eda_agent.simulation.cache import cache_folder

    yield _row(
        "eda-agent",
        True,
        f"{__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()}"
        " cores",
    )
    yield from _packages()
    yield from _ngspice()
    binary = shutil.which("ngspice")
    yield _row(
        "ngspice -b",
        binary is not None,
        binary or "not on the path (only needed for benchmarks)",
        "apt install ngspice",
    )
    for name in pdk_names():
        try:
            yield _row(name, True, serves(find_pdk(name)))
        except EdaAgentError as error:
            message, _, fix = str(error).partition("\n    → ")
            yield _row(name, False, message, fix)
    yield _row("PDK_ROOT", True, pdk_root())
    for extra, packages in _EXTRAS.items():
        missing = [package for package in packages if importlib.util.find_spec(package) is None]
        found = ", ".join(
            f"{package} {importlib.metadata.version(package)}" for package in packages if package not in missing
        )
        yield _row(
            f"[{extra}]",
            not missing,
            found if not missing else f"without {', '.join(missing)}",
            f"pip install 'eda-agent[{extra}]'",
        )
    folder = cache_folder()
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.exists() else 0
    yield _row("cache", True, f"{folder} ({size / 1e6:.1f} MB)")


def _packages() -> Any:
    """The Python packages that this version requires, without the extras."""
    import importlib.metadata

    from eda_agent.cli.versions import unfit

    try:
        lines = importlib.metadata.requires("eda-agent") or []
    except importlib.metadata.PackageNotFoundError:
        yield _row("packages", False, "not installed as a package; versions are not known", "pip install eda-agent")
        return
    wrong = list(unfit(lines, importlib.metadata.version))
    found = ", ".join(f"{name} {version or 'missing'} (needs {bounds or 'any'})" for name, version, bounds in wrong)
    yield _row(
        "packages",
        not wrong,
        found or "as required",
        f"{sys.executable} -m pip install {' '.join(repr(name + bounds) for name, _, bounds in wrong)}",
        needed=not all(version for _, version, _ in wrong),
    )


def _ngspice() -> Any:
    """Start a real worker, because an installed library may still fail to run."""
    from eda_agent.cli.versions import NGSPICE, too_old
    from eda_agent.errors import EdaAgentError
    from eda_agent.simulation.local_pool import LocalPool
    from eda_agent.simulation.ngspice import find_library
    from eda_agent.simulation.sandbox import gaps

    try:
        library = find_library()
        with LocalPool(1) as pool:
            old = too_old(pool.version)
            yield _row(
                "ngspice",
                not old,
                f"version {pool.version}: {library}" + (f", older than {NGSPICE}" if old else ""),
                f"ngspice {NGSPICE} or newer, as in Debian 12; or name another library: NGSPICE_LIBRARY_PATH",
                needed=True,
            )
            held, open_ = ", ".join(pool.sandbox), gaps(pool.sandbox)
            found = f"{held or 'nothing'}; a compromised simulator could {', '.join(open_)}" if open_ else held
            yield _row(
                "sandbox",
                not open_,
                found,
                "Linux 5.13 or later on x86-64 or aarch64 supports every layer (docs/security.md)",
            )
    except EdaAgentError as error:
        message, _, fix = str(error).partition("\n    → ")
        yield _row(
            "ngspice", False, message, fix or f"run {sys.executable} -m eda_agent.simulation.worker", needed=True
        )
