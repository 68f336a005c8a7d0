"""The way from a command line to an exit status.

0 specs met (or the command did its work)    1 run finished, specs not met    2 usage or bad input
3 a needed tool or model is missing          130 interrupted; the run can be resumed
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
from collections.abc import Sequence

from eda_agent.cli.parser import build_parser
from eda_agent.cli.say import forgive_encodings, say, write
from eda_agent.errors import EdaAgentError, StorageError
from eda_agent.interrupts import obey

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a system says when a disk, a user's share of it or a file takes no more."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit status."""
    forgive_encodings()
    options = build_parser().parse_args(arguments)
    if options.allow_code:
        os.environ["EDA_AGENT_ALLOW_CODE"] = "1"
    if options.untrusted or options.trusted:
        os.environ["EDA_AGENT_UNTRUSTED"] = "1" if options.untrusted else "0"
    # a terminated run ends like an interrupted one: journal complete, resumable
    obey(signal.SIGTERM)
    try:
        return _run(options)
    except EdaAgentError as error:
        say(f"eda-agent: {error}")
        return error.exit_status
    except RecursionError:
        # what nests without end is refused where it is read; this is for what was not thought of
        say("eda-agent: the input is nested too deeply\n    → write it in parts")
        return 2
    except KeyboardInterrupt:
        say("eda-agent: interrupted")
        return 130
    except BrokenPipeError:
        # whoever read stdout has gone (| head): say nothing, also not at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        # what may go wrong with a file of the user's is said where it is used; this is for a disk that is full, gone or not ours to write
        if error.filename is None and error.errno not in FULL:
            raise
        where = f"{error.filename}: " if error.filename is not None else ""
        advice = "make room" if error.errno in FULL else "see that it is there and may be read and written"
        say(f"eda-agent: {where}{error.strerror}\n    → {advice}, or choose other folders: --out, EDA_AGENT_CACHE, TMPDIR")
        return StorageError.exit_status


def _run(options: argparse.Namespace) -> int:
    # each command imports what it needs: `check` must not pay for the simulator, nor `runs` for numpy
    match options.command:
        case "size":
            from eda_agent.cli.size import size_command

            return size_command(options)
        case "init":
            from eda_agent.cli.init import init_command

            return init_command(options)
        case "tui":
            from eda_agent.cli.tui import tui_command

            return tui_command(options)
        case "sim":
            from eda_agent.cli.sim import sim_command

            return sim_command(options)
        case "mc":
            from eda_agent.cli.mc import mc_command

            return mc_command(options)
        case "train":
            from eda_agent.cli.train import train_command

            return train_command(options)
        case "check":
            from eda_agent.cli.check import check_command

            return check_command(options)
        case "runs" | "show" | "export":
            from eda_agent.cli import inspect

            return {"runs": inspect.runs_command, "show": inspect.show_command, "export": inspect.export_command}[options.command](options)
        case "report" | "compare" | "front" | "sensitivity":
            from eda_agent.cli import report

            commands = {"report": report.report_command, "compare": report.compare_command, "front": report.front_command}
            return commands.get(options.command, report.sensitivity_command)(options)
        case "bench":
            from eda_agent.cli.bench import bench_command

            return bench_command(options)
        case "klayout":
            from eda_agent.cli.klayout import klayout_command

            return klayout_command(options)
        case "doctor":
            from eda_agent.cli.doctor import doctor_command

            return doctor_command(options)
        case _:
            import shtab

            write(f"{shtab.complete(build_parser(), options.shell)}\n")
            return 0
