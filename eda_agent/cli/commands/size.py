"""`eda-agent size`: a run with a progress line for people, or its events for programs."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eda_agent.cli.options import POLICY_NAMES, Commands, add_json, add_simulator, count

if TYPE_CHECKING:
    from eda_agent.agent.control import Control
    from eda_agent.record.event import Event
    from eda_agent.run import Request


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "size", help="size a circuit", description="Propose, simulate and keep the best, turn by turn, until every spec is met."
    )
    parser.add_argument("spec", type=Path, help="spec.yaml, or the folder that holds it; with --resume also the folder of the run")
    parser.add_argument(
        "--policy",
        choices=POLICY_NAMES,
        metavar="NAME",
        help=f"what proposes: {', '.join(POLICY_NAMES)}, or python:MODULE.CLASS, a policy of your own (default auto)",
    )
    parser.add_argument("--budget", type=count, metavar="N", help="simulated proposals at most (default: the spec's)")
    parser.add_argument("--seed", type=int, default=None, metavar="S", help="seed of everything random (default 0)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the run (default runs/NAME-POLICY-TIME)")
    parser.add_argument("--corners", choices=("nominal", "signoff"), help="a set of corners of the PDK instead of the spec's")
    parser.add_argument(
        "--robust",
        type=float,
        metavar="SHARE",
        help="size until Monte Carlo chips show that this share meets the specs (lower end of the 95 %% interval), such as 0.99",
    )
    parser.add_argument("--samples", type=count, metavar="N", help="chips of --robust (default: as many as show that share, 100 or more)")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--all-corners", dest="skip", action="store_false", default=None, help="simulate every corner of every proposal")
    which.add_argument(
        "--skip-corners",
        dest="skip",
        action="store_true",
        help="the first corner alone where the others cannot matter (default from 6 corners on)",
    )
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    parser.add_argument(
        "--endpoint",
        metavar="URL",
        help="chat, auto: OpenAI-compatible endpoint (chat: default $OPENAI_BASE_URL; auto: the embedded model)",
    )
    parser.add_argument(
        "--answer-timeout", type=float, metavar="S", help="chat: seconds that one answer of the endpoint may take (default 120)"
    )
    parser.add_argument(
        "--model", metavar="NAME", help="chat: model name (default: the only one served); local, embedded, auto: the model's folder"
    )
    parser.add_argument(
        "--parallel", type=count, metavar="N", help="proposals simulated at once, each a turn (default: as many as keep the workers busy)"
    )
    parser.add_argument("--memory", action="store_true", help="begin with the best designs of earlier runs on the same circuit")
    parser.add_argument(
        "--no-request-seed", action="store_true", help="chat: send no seed with requests (for servers that cannot take one)"
    )
    parser.add_argument("--script", type=Path, metavar="FILE", help="scripted: one JSON proposal a line")
    parser.add_argument(
        "--orders-from",
        type=int,
        metavar="BYTE",
        help="obey orders.jsonl from there on (default: what is appended from the start of the run)",
    )
    parser.add_argument("--force", action="store_true", help="size with testbenches that do not test, too")
    add_json(parser, "one JSON object on stdout at the end")
    parser.add_argument("--events", action="store_true", help="every event as a JSON line on stdout; control lines on stdin")
    add_simulator(parser)
    parser.set_defaults(func=size_command)


def size_command(options: argparse.Namespace) -> int:
    """Size, then show specs, sizes and where the files are."""
    from eda_agent.agent.control import Control
    from eda_agent.cli.outcome import report, summary
    from eda_agent.cli.progress import listen_on_stdin, print_event, with_progress
    from eda_agent.cli.render import print_json
    from eda_agent.cli.say import command, say
    from eda_agent.interrupts import obey
    from eda_agent.run import size

    request = make_request(options)
    obey(signal.SIGINT)
    control = Control(complain=lambda text: say(f"eda-agent: {text}"))
    if options.robust is not None:
        return _robust(options, request, control)
    folder: list[str] = []

    def note_folder(event: Event) -> None:
        if event["type"] == "run.started":
            folder.append(event["folder"])

    try:
        if options.events:
            listen_on_stdin(control)

            def show(event: Event) -> None:
                note_folder(event)
                print_event(event)

            outcome = size(request, show, control)
        else:
            outcome = with_progress(request, control, note_folder, quiet=options.json)
    except KeyboardInterrupt:
        hint = f"; go on with: {command('size', '--resume', folder[0])}" if folder else ""
        say(f"eda-agent: interrupted{hint}")
        return 130
    if options.json:
        print_json(summary(outcome))
    elif not options.events:
        report(outcome)
    return 130 if outcome.stop == "user" and not outcome.met else 0 if outcome.met else 1


def _robust(options: argparse.Namespace, request: Request, control: Control) -> int:
    """Size for yield: 0 when the wanted share of chips passes."""
    from eda_agent.cli.outcome import report, summary
    from eda_agent.cli.progress import print_event, tell_event
    from eda_agent.cli.render import console, print_json
    from eda_agent.errors import InputError
    from eda_agent.record.events import monte_carlo_data
    from eda_agent.robust import size_robust

    if not 0 < options.robust < 1:
        raise InputError(f"--robust {options.robust:g}: a share of chips lies between 0 and 1\n    → for example 0.99")
    screen = console()

    def tell(event: Event) -> None:
        if options.events:
            print_event(event)
        elif not options.json:
            tell_event(event, screen)

    result = size_robust(request, options.robust, options.samples, tell, control)
    total = result.chips.total
    low, high = total.interval
    reached = result.reached(options.robust)
    if options.json:
        print_json({**summary(result.outcome), "rounds": result.rounds, "reached": reached, "monte_carlo": monte_carlo_data(result.chips)})
    elif not options.events:
        report(result.outcome)
        screen.print(
            f"{'✓' if reached else '✗'} {total.passed} of {total.samples} chips pass in {', '.join(result.chips.corners)}: a yield of at least {100 * low:.1f} % is shown (95 %: {100 * low:.1f} to {100 * high:.1f} %), "
            f"{100 * options.robust:g} % wanted; rounds: {', '.join(f'{passed}/{total.samples}' for _, passed in result.rounds)}",
            markup=False,
            soft_wrap=True,
        )
    return 0 if reached else 1


def make_request(options: argparse.Namespace) -> Request:
    """The request that the options make. What they leave out, the run, the spec or a default says (`run.resume`)."""
    from eda_agent.run import Request

    if options.resume and options.out is None:
        options.out = options.spec
    given: dict[str, Any] = {
        "endpoint": options.endpoint,
        "model": options.model,
        "timeout": options.answer_timeout,
        "request_seed": False if options.no_request_seed else None,
        "script": options.script,
    }
    return Request(
        spec=options.spec, policy=options.policy, options={name: value for name, value in given.items() if value is not None}, seed=options.seed,
        simulations=options.budget, out=options.out, resume=options.resume, workers=options.workers, cluster=options.cluster,
        cache=False if options.no_cache else None, corners=options.corners, skip=options.skip, parallel=options.parallel,
        memory=options.memory or None, orders_from=options.orders_from, force=options.force or None,
    )  # fmt: skip
