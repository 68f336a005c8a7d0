"""The main function executes a command line and returns its exit status.

0 specs met (or the command succeeded)       1 run finished, specs not met    2 usage or bad input
3 a needed tool or model is missing          130 interrupted; the run can be resumed
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence

from eda_agent.cli.arguments import UsageError
from eda_agent.cli.error_json import print_error
from eda_agent.cli.parser import build_parser
from eda_agent.cli.say import forgive_encodings, say
from eda_agent.error_data import kind_of
from eda_agent.errors import EdaAgentError, StorageError
from eda_agent.interrupts import obey

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Error numbers of a full disk, an exceeded quota and an exceeded file size."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit status."""
    forgive_encodings()
    words = sys.argv[1:] if arguments is None else list(arguments)
    as_json = "--json" in words
    # the command is the first word without a dash: the options before it take no values
    parser = build_parser(next((word for word in words if not word.startswith("-")), ""))
    try:
        options = parser.parse_args(words)
    except UsageError as error:
        if as_json:
            print_error("usage", error.message, 2)
        raise
    if "func" not in options:
        parser.print_help(sys.stderr)
        return 2
    if options.allow_code:
        os.environ["EDA_AGENT_ALLOW_CODE"] = "1"
    if options.untrusted or options.trusted:
        os.environ["EDA_AGENT_UNTRUSTED"] = "1" if options.untrusted else "0"
    # a terminated run ends like an interrupted one: the journal is complete and can be resumed
    obey(signal.SIGTERM)
    try:
        status: int = options.func(options)
        return status
    except BrokenPipeError:
        # the reader of stdout has closed it (| head): print nothing, also not at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (EdaAgentError, RecursionError, KeyboardInterrupt, OSError) as error:
        kind, message, status = _told(error)
        say(f"eda-agent: {message}")
        if as_json:
            print_error(kind, message, status, error)
        return status


def _told(error: BaseException) -> tuple[str, str, int]:
    """(kind, message, exit status) of what ended a command. Other errors of the system are raised again."""
    match error:
        case EdaAgentError():
            return kind_of(error), str(error), error.exit_status
        case RecursionError():
            # readers refuse unlimited nesting; this catches what they miss
            return "input", "the input is nested too deeply\n    → write it in parts", 2
        case KeyboardInterrupt():
            return "interrupted", "interrupted", 130
        case OSError():
            # errors of the user's files are reported where they occur; this is for a disk that is full, gone or
            # read-only
            if error.filename is None and error.errno not in FULL:
                raise error
            where = f"{error.filename}: " if error.filename is not None else ""
            advice = "make room" if error.errno in FULL else "check that it exists and can be read and written"
            message = (
                f"{where}{error.strerror}\n    → {advice}, or choose other folders: --out, EDA_AGENT_CACHE, TMPDIR"
            )
            return "storage", message, StorageError.exit_status
    raise error
