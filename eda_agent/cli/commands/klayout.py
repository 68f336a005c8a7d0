"""`eda-agent klayout install | remove | doctor`: manage the plugin in KLayout's home, as a package of its package
manager (salt).
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from eda_agent.cli.options import Commands, add_json
from eda_agent.cli.say import say, write
from eda_agent.errors import Finding, InputError

NAME = "eda-agent"
OLDEST = (0, 28)
SHARED = ("closeness.py", "insight/complete.py", "record/event.py", "record/fold.py", "stop_reasons.py")
"""Modules of ours that the plugin uses (`eda_agent.klayout.shared`). They import the standard library and one another,
relatively.
"""


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "klayout",
        help="install, remove or examine the KLayout plugin",
        description=(
            "Install the plugin in KLayout's home ($KLAYOUT_HOME or ~/.klayout), remove it, or list what is missing."
            " The installed plugin runs this eda-agent."
        ),
    )
    parser.add_argument(
        "action", choices=("install", "remove", "doctor"), help="install or remove the plugin, or examine it"
    )
    add_json(parser, "doctor: print one JSON object on stdout")
    parser.set_defaults(func=klayout_command)


def home() -> Path:
    """KLayout's folder of the user: `$KLAYOUT_HOME`, else `~/.klayout`."""
    return Path(os.environ.get("KLAYOUT_HOME") or Path.home() / ".klayout")


def grain() -> Path:
    """The plugin's folder in KLayout's home."""
    return home() / "salt" / NAME


def executable() -> Path:
    """The path of this program."""
    beside = Path(sys.executable).with_name("eda-agent")
    return beside if beside.exists() else Path(shutil.which("eda-agent") or beside)


def klayout_command(options: argparse.Namespace) -> int:
    """Install, remove or examine the plugin."""
    return {"install": install, "remove": remove, "doctor": doctor}[options.action](options)


def install(options: argparse.Namespace) -> int:
    """Copy the plugin into KLayout's home and replace an older one."""
    from importlib import resources

    from eda_agent.files import write_text

    source, target = Path(str(resources.files("eda_agent.klayout"))), grain()
    _ours(target)
    part = target.with_name(f"{NAME}.{os.getpid()}.part")
    try:
        package = part / "python" / "eda_agent_klayout"
        package.mkdir(parents=True)
        for path in sorted(source.glob("*.py")):
            if path.name != "shared.py":
                shutil.copyfile(path, package / path.name)
        _share(source / "shared.py", package / "shared")
        shutil.copytree(source / "tables", package / "tables")
        shutil.copytree(source / "salt", package / "salt")
        (part / "pymacros").mkdir()
        shutil.copyfile(source / "salt" / "eda_agent.lym", part / "pymacros" / "eda_agent.lym")
        shutil.copyfile(source / "salt" / "grain.xml", part / "grain.xml")
        write_text(package / "executable.txt", f"{executable()}\n")
        if target.exists():
            shutil.rmtree(target)
        part.rename(target)
    except OSError as error:
        raise InputError(
            Finding(
                f"the plugin cannot be written: {error.strerror}",
                target,
                fix="make the folder writable, or set KLAYOUT_HOME",
            )
        ) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    say(f"installed {target}\nstart KLayout: Tools > eda-agent")
    return 0


def _share(imports: Path, package: Path) -> None:
    """Make the package that stands in for `shared.py` where eda-agent is not installed."""
    from importlib import resources

    from eda_agent.files import write_text

    package.mkdir()
    for name in SHARED:
        target = package / name
        target.parent.mkdir(exist_ok=True)
        (target.parent / "__init__.py").touch()
        shutil.copyfile(Path(str(resources.files("eda_agent"))) / name, target)
    lines = [line for line in imports.read_text(encoding="utf-8").splitlines() if line.startswith("from eda_agent.")]
    text = "".join(f"{line.replace('from eda_agent.', 'from .')}\n" for line in lines)
    write_text(package / "__init__.py", f'"""Copies of what eda-agent and its plugin share."""\n\n{text}')


def remove(options: argparse.Namespace) -> int:
    target = grain()
    if not target.exists():
        say(f"nothing to remove: {target} does not exist")
        return 0
    _ours(target)
    shutil.rmtree(target)
    say(f"removed {target}")
    return 0


def _ours(target: Path) -> None:
    """Raise `InputError` if the folder is not this plugin."""
    if target.is_symlink() or (target.exists() and not (target / "python" / "eda_agent_klayout").is_dir()):
        raise InputError(
            Finding("this folder is not the eda-agent plugin and is not replaced", target, fix="move it away first")
        )


def doctor(options: argparse.Namespace) -> int:
    """Return 0 if KLayout finds the plugin and the plugin finds this program, 3 otherwise."""
    from eda_agent.cli.render import print_json

    rows = list(_examine())
    if options.json:
        print_json({"ok": all(row["ok"] for row in rows), "checks": rows})
    else:
        for row in rows:
            write(f"{'✓' if row['ok'] else '✗'} {row['name']:<12} {row['found']}\n")
            if not row["ok"]:
                write(f"    → {row['fix']}\n")
    return 0 if all(row["ok"] for row in rows) else 3


def _examine() -> Any:
    from importlib import resources

    program = shutil.which("klayout")
    version = _version(program) if program else ""
    new_enough = tuple(int(part) for part in version.split(".")[:2]) >= OLDEST if version else False
    yield {
        "name": "klayout",
        "ok": new_enough,
        "found": f"{version or 'unknown version'}, {program}" if program else "not on the path",
        "fix": f"apt install klayout, or a package from klayout.de ({'.'.join(map(str, OLDEST))} or newer)",
    }
    target = grain()
    yield {
        "name": "plugin",
        "ok": (target / "grain.xml").is_file(),
        "found": str(target),
        "fix": "eda-agent klayout install",
    }
    beside = target / "python" / "eda_agent_klayout" / "executable.txt"
    path = beside.read_text(encoding="utf-8").strip() if beside.is_file() else ""
    yield {
        "name": "executable", "ok": bool(path) and os.access(path, os.X_OK), "found": path or "not written",
        "fix": "run eda-agent klayout install in the environment to use",
    }  # fmt: skip
    theirs, ours = (
        _grain_version(folder) for folder in (target, Path(str(resources.files("eda_agent.klayout"))) / "salt")
    )
    yield {
        "name": "version",
        "ok": theirs == ours,
        "found": f"{theirs or 'none'} installed, {ours} here",
        "fix": "eda-agent klayout install",
    }


def _version(program: str) -> str:
    import subprocess

    try:
        done = subprocess.run(
            [program, "-v"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"(\d+\.\d+(?:\.\d+)?)", done.stdout)
    return found[1] if found else ""


def _grain_version(folder: Path) -> str:
    path = folder / "grain.xml"
    found = re.search(r"<version>([^<]*)</version>", path.read_text(encoding="utf-8")) if path.is_file() else None
    return found[1] if found else ""
