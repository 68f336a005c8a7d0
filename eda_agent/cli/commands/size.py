"""`eda-agent size`: execute a run, with a progress line or with its events as JSON lines."""

from __future__ import annotations

import argparse
import contextlib
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from eda_agent.cli.options import (
    POLICY_NAMES,
    ArgumentGroup,
    Commands,
    add_json,
    add_policy_options,
    add_simulator,
    count,
    policy_options,
    seed,
)

if TYPE_CHECKING:
    from eda_agent.agent.control import Control
    from eda_agent.record.event import Event
    from eda_agent.run import Request


EXAMPLES = """examples:
  eda-agent size ldo                                       a shipped circuit, with the default policy
  eda-agent size circuits/two_stage_miller                 the spec of a folder
  eda-agent size spec.yaml --corners signoff --out runs/a  in every corner of the PDK's sign-off
  eda-agent size runs/a --resume --budget 400              go on with more simulations
  eda-agent size spec.yaml --robust 0.99                   until 99 % of the Monte Carlo samples pass
"""


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "size",
        help="size a circuit",
        description="Propose, simulate and keep the best, turn by turn, until every spec is met.",
        usage="eda-agent size SPEC [OPTION …]",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "spec",
        type=Path,
        help="spec.yaml, its folder, or the name of a shipped circuit such as ldo; with --resume also the run's folder",
    )
    _add_run(parser.add_argument_group("the run"))
    _add_corners(parser.add_argument_group("corners and yield"))
    policy = parser.add_argument_group("the policy")
    policy.add_argument(
        "--policy",
        choices=POLICY_NAMES,
        metavar="NAME",
        help=f"policy: {', '.join(POLICY_NAMES)}, or python:MODULE.CLASS (default auto)",
    )
    policy.add_argument("--seed", type=seed, default=None, metavar="S", help="random seed (default 0)")
    policy.add_argument(
        "--parallel",
        type=count,
        metavar="N",
        help="number of proposals simulated at once, each a turn (default: as many as keep the workers busy)",
    )
    policy.add_argument(
        "--memory", action="store_true", help="start with the best designs of earlier runs on the same circuit"
    )
    add_policy_options(policy)
    _add_layout(parser.add_argument_group("after layout"))
    simulator = parser.add_argument_group("the simulator")
    simulator.add_argument("--force", action="store_true", help="size even if a testbench does not test the circuit")
    add_simulator(simulator)
    _add_output(parser.add_argument_group("output for programs"))
    parser.set_defaults(func=size_command)


def _add_run(group: ArgumentGroup) -> None:
    group.add_argument(
        "--budget",
        type=count,
        metavar="N",
        help="maximum number of simulations; the start does not count (default: the spec's)",
    )
    group.add_argument("--out", type=Path, metavar="DIR", help="folder of the run (default runs/NAME-POLICY-TIME)")
    group.add_argument("--resume", action="store_true", help="continue the run in SPEC (or in --out)")


def _add_corners(group: ArgumentGroup) -> None:
    group.add_argument(
        "--corners",
        choices=("nominal", "signoff", "signoff_rc"),
        help="a corner set of the PDK instead of the spec's corners",
    )
    which = group.add_mutually_exclusive_group()
    which.add_argument(
        "--all-corners", dest="skip", action="store_false", default=None, help="simulate every proposal in every corner"
    )
    which.add_argument(
        "--skip-corners",
        dest="skip",
        action="store_true",
        help="simulate further corners only while a proposal can still become the best (default from 6 corners)",
    )
    group.add_argument(
        "--guard",
        type=_share,
        metavar="SHARE",
        help="tighten every target by this part of its value, such as 5%%, so that no spec ends with a margin of 0; of"
        " 44 dB that is 2.2 dB",
    )
    group.add_argument(
        "--robust",
        type=float,
        metavar="SHARE",
        help=(
            "size until this share of Monte Carlo samples meets every spec (lower end of the 95 %% interval), such as"
            " 0.99"
        ),
    )
    group.add_argument(
        "--samples",
        type=count,
        metavar="N",
        help="samples of --robust (default: as many as that share needs, at least 100)",
    )


def _share(text: str) -> float:
    """`5%` or `0.05`. Raises `argparse.ArgumentTypeError`."""
    with contextlib.suppress(ValueError):
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        if 0 < value < 1:
            return value
    raise argparse.ArgumentTypeError(f"{text!r}: must be a share such as 5% or 0.05")


def _add_layout(group: ArgumentGroup) -> None:
    group.add_argument(
        "--post-layout",
        type=Path,
        metavar="FILE",
        help=(
            "the netlist extracted from a layout: its wire capacitances are simulated; if SPEC is a run, its best sizes"
            " are the first proposal"
        ),
    )
    group.add_argument("--cell", metavar="NAME", help="the cell of --post-layout (default: the circuit's)")


def _add_output(group: ArgumentGroup) -> None:
    add_json(group, "print one JSON object on stdout at the end")
    group.add_argument(
        "--events", action="store_true", help="print every event as a JSON line on stdout and read commands on stdin"
    )
    group.add_argument(
        "--orders-from",
        type=int,
        metavar="BYTE",
        help="read the commands in orders.jsonl from this byte on (default: only those written after the start)",
    )


def size_command(options: argparse.Namespace) -> int:
    """Size, then print specs, sizes and the paths of the files."""
    from eda_agent.agent.control import Control
    from eda_agent.cli.idle import refuse_idle
    from eda_agent.cli.interrupted import interrupted
    from eda_agent.cli.outcome import report
    from eda_agent.cli.progress import listen_on_stdin, print_event, with_progress
    from eda_agent.cli.reader import leave_with_reader
    from eda_agent.cli.render import print_json
    from eda_agent.cli.say import say
    from eda_agent.errors import InputError
    from eda_agent.interrupts import obey
    from eda_agent.run import size
    from eda_agent.run.result import outcome_result

    refuse_idle(
        (
            (
                "--cell",
                options.cell,
                "without --post-layout" if options.post_layout is None else "",
                "add --post-layout FILE, the extracted netlist, or leave it out",
            ),
            (
                "--samples",
                options.samples,
                "without --robust" if options.robust is None else "",
                "add --robust SHARE, or run eda-agent mc on the run afterwards",
            ),
        )
    )
    request = make_request(options)
    folder: list[str] = []
    obey(signal.SIGINT)
    control = Control(complain=lambda text: say(f"eda-agent: {text}"))
    if options.robust is not None:
        if options.guard is not None:
            raise InputError("--robust finds its own guard bands\n    → leave --guard out")
        if options.post_layout is not None:
            raise InputError(
                "--robust and --post-layout do not go together\n    → size with --post-layout, then run eda-agent mc on"
                " the run"
            )
        try:
            return _robust(options, request, control, folder)
        except KeyboardInterrupt:
            return interrupted(folder, json=options.json, resumable=False)

    def note_folder(event: Event) -> None:
        if event["type"] == "run.started":
            folder.append(event["folder"])

    try:
        if options.events:
            listen_on_stdin(control)
            leave_with_reader(control)

            def show(event: Event) -> None:
                note_folder(event)
                print_event(event)

            outcome = size(request, show, control)
        else:
            outcome = with_progress(request, control, note_folder, quiet=options.json)
    except KeyboardInterrupt:
        return interrupted(folder, json=options.json)
    if options.json:
        print_json(outcome_result(outcome))
    elif not options.events:
        report(outcome)
    return 130 if outcome.stop == "user" and not outcome.met else 0 if outcome.met else 1


def _robust(options: argparse.Namespace, request: Request, control: Control, folder: list[str]) -> int:
    """Size for yield. Return 0 if the wanted share of samples passes. `folder` receives that of each round."""
    from eda_agent.cli.outcome import report
    from eda_agent.cli.progress import print_event, tell_event
    from eda_agent.cli.render import console, print_json
    from eda_agent.errors import InputError
    from eda_agent.record.events import monte_carlo_data
    from eda_agent.robust import size_robust
    from eda_agent.run.result import outcome_result

    if not 0 < options.robust < 1:
        raise InputError(f"--robust {options.robust:g}: the share must be between 0 and 1\n    → for example 0.99")
    screen = console()

    def tell(event: Event) -> None:
        if event["type"] == "run.started":
            folder[:] = [event["folder"]]
        if options.events:
            print_event(event)
        elif not options.json:
            tell_event(event, screen)

    result = size_robust(request, options.robust, options.samples, tell, control)
    total = result.chips.total
    low, high = total.interval
    reached = result.reached(options.robust)
    if options.json:
        print_json(
            {
                **outcome_result(result.outcome),
                "rounds": result.rounds,
                "reached": reached,
                "monte_carlo": monte_carlo_data(result.chips),
            }
        )
    elif not options.events:
        report(result.outcome)
        screen.print(
            f"{'✓' if reached else '✗'} {total.passed} of {total.samples} samples pass in"
            f" {', '.join(result.chips.corners)}: the yield is at least {100 * low:.1f} % (95 %: {100 * low:.1f} to"
            f" {100 * high:.1f} %), {100 * options.robust:g} % wanted; rounds:"
            f" {', '.join(f'{passed}/{total.samples}' for _, passed in result.rounds)}",
            markup=False,
            soft_wrap=True,
        )
    return 0 if reached else 1


def make_request(options: argparse.Namespace) -> Request:
    """The request of the options. Missing ones come from the run, the spec or a default (`run.resume`)."""
    from eda_agent.run import Request

    if options.resume and options.out is None:
        options.out = options.spec
    return Request(
        spec=options.spec,
        policy=options.policy,
        options=policy_options(options),
        seed=options.seed,
        simulations=options.budget,
        out=options.out,
        resume=options.resume,
        workers=options.workers,
        cluster=options.cluster,
        cache=False if options.no_cache else None,
        corners=options.corners,
        guard=options.guard,
        skip=options.skip,
        parallel=options.parallel,
        memory=options.memory or None,
        orders_from=options.orders_from,
        force=options.force or None,
        post_layout=options.post_layout,
        cell=options.cell,
    )
