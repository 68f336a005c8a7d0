"""`eda-agent tui`: the terminal app on a spec, a netlist, a run or the runs of a folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from eda_agent.cli.options import POLICY_NAMES, Commands, count, seed


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "tui",
        help="start the terminal app",
        description=(
            "Watch and control a run. PATH is a spec or the name of a shipped circuit, which starts a run, or a"
            " netlist, from which a spec is drafted first, or the folder of a run, finished or not."
        ),
    )
    parser.add_argument(
        "target", metavar="PATH", type=Path, help="spec.yaml, a shipped circuit, a netlist, or the folder of a run"
    )
    parser.add_argument("--policy", choices=POLICY_NAMES, metavar="NAME", help="policy of a new run")
    parser.add_argument(
        "--budget", type=count, metavar="N", help="maximum number of simulations of a new run; the start does not count"
    )
    parser.add_argument("--seed", type=seed, metavar="S", help="random seed of a new run")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of a new run")
    parser.add_argument("--resume", action="store_true", help="continue the run")
    parser.add_argument(
        "--replay", type=float, metavar="SPEED", help="replay a run at this multiple of its speed (0: at once)"
    )
    parser.add_argument("--anywhere", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(func=tui_command)


def tui_command(options: argparse.Namespace) -> int:
    """Return 0 when the user has left the app."""
    from eda_agent.errors import Finding, InputError

    if not (sys.stdin.isatty() and sys.stdout.isatty()) and not options.anywhere:
        raise InputError(
            "the terminal app needs a terminal\n    → eda-agent size SPEC runs without one; textual-serve shows the app"
            " in a browser"
        )
    from eda_agent.run.process import RunProcess, start
    from eda_agent.tui.app import SizingApp
    from eda_agent.tui.feed import JournalFeed, Replay

    target: Path = options.target
    journal = target / "journal.jsonl"
    _check_options(options, is_run=journal.is_file())
    if journal.is_file():
        feed = JournalFeed(journal)
        if options.replay is not None:
            app = SizingApp(Replay(feed, options.replay), target)
        elif options.resume:
            app = SizingApp(feed, target, start(target, target, ["--resume", *_given(options)]))
        else:
            app = SizingApp(feed, target, RunProcess(target))
    else:
        # a run is on the screen sooner without these
        from eda_agent.agent.policies.registry import DEFAULT
        from eda_agent.problem.names import spec_name
        from eda_agent.problem.shipped import near_spec, spec_place
        from eda_agent.run.folder import default_folder

        place = spec_place(target)
        spec = place / "spec.yaml" if place.is_dir() else place
        if not spec.is_file():
            fix = "give a spec.yaml, a netlist, or the folder of a run"
            raise InputError(Finding("no run and no spec found here", target, fix=near_spec(target) or fix))

        def place_of(spec: Path) -> Path:
            return options.out or default_folder(spec_name(spec), options.policy or DEFAULT)

        def launch(spec: Path) -> tuple[Path, RunProcess]:
            return (folder := place_of(spec)), start(spec, folder, _given(options))

        if spec.suffix in {".yaml", ".yml"}:
            folder, run = launch(spec)
            app = SizingApp(JournalFeed(folder / "journal.jsonl"), folder, run)
        else:
            # the run has the name of the spec that is drafted
            folder = place_of(spec)
            app = SizingApp(JournalFeed(folder / "journal.jsonl"), folder, draft=spec)
            app.launch = launch
    app.pauses.begin()
    app.run()
    return 0


def _check_options(options: argparse.Namespace, *, is_run: bool) -> None:
    """Refuse an option that has no effect on a run, or on a new one."""
    from eda_agent.cli.idle import refuse_idle

    shown = "on a run that is only shown" if is_run and not options.resume else ""
    refuse_idle(
        (
            *((f"--{name}", getattr(options, name), shown, "add --resume") for name in ("policy", "budget", "seed")),
            ("--out", options.out, "on a run that is there" if is_run else "", "leave it out"),
            ("--resume", options.resume, "" if is_run else "without a run", "give the folder of a run"),
            ("--replay", options.replay, "" if is_run else "without a run", "give the folder of a run"),
            ("--resume", options.resume, "with --replay" if options.replay is not None else "", "leave one out"),
        )
    )


def _given(options: argparse.Namespace) -> list[str]:
    """The options that are passed on to `size`."""
    given = {name: getattr(options, name) for name in ("policy", "budget", "seed")}
    return [word for name, value in given.items() if value is not None for word in (f"--{name}", str(value))]
