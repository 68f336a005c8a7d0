"""Options of `init` that answer what the program cannot tell: kind, ports, conditions, and what to size."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eda_agent.problem.draft import Answers


def add_answers(parser: argparse.ArgumentParser) -> None:
    """Add the options to a parser."""
    group = parser.add_argument_group("answers", "each replaces a guess of init, which lists its guesses")
    group.add_argument(
        "--kind",
        metavar="NAME",
        help="what the circuit is: op-amp, fully-differential, comparator (clocked), single-comparator,"
        " open-comparator, regulator or ldo, ldo-with-divider, tia, oscillator, vco, reference or bandgap,"
        " current-reference, buffer, gate, level-shifter, schmitt, switch, charge-pump, power-on-reset, sram, dac,"
        " lna, filter, sample-and-hold",
    )
    group.add_argument(
        "--port",
        metavar="ROLE=PORT",
        action="append",
        default=[],
        help="the port that has a role: vdd=AVDD, inn=vm (may be repeated)",
    )
    group.add_argument(
        "--bias",
        metavar="PORT=VALUE",
        action="append",
        default=[],
        help="how a port is held: ib=10u (current), vb=0.9V, en=high, pd=low (may be repeated)",
    )
    group.add_argument("--supply", metavar="V", help="the supply voltage")
    group.add_argument("--load", metavar="F", help="the load at the output, such as 2p")
    group.add_argument("--vcm", metavar="V", help="the common mode of the inputs")
    group.add_argument(
        "--setting",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a setting of the testbenches: load_current=10m, vref=1.2 (may be repeated)",
    )
    group.add_argument(
        "--size", metavar="NAMES", action="append", default=[], help="size only these devices or parameters: M1,M2"
    )
    group.add_argument(
        "--keep", metavar="NAMES", action="append", default=[], help="do not size these: 'XC*' (may be repeated)"
    )
    group.add_argument("--yes", "-y", action="store_true", help="take the guesses without asking")


def answers_of(options: argparse.Namespace) -> Answers:
    """The answers that were given. Raises `InputError` that names the option."""
    from eda_agent.problem.draft import read_answers

    return read_answers(
        kind=options.kind,
        ports=options.port,
        bias=options.bias,
        supply=options.supply,
        load=options.load,
        vcm=options.vcm,
        size=options.size,
        keep=options.keep,
        settings=options.setting,
    )
