"""The way from a command line to an exit status.

0 specs met (or the command did its work)    1 run finished, specs not met    2 usage or bad input
3 a needed tool or model is missing          130 interrupted; the run can be resumed
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence

from eda_agent.cli.parser import build_parser
from eda_agent.cli.say import forgive_encodings, say
from eda_agent.errors import EdaAgentError, StorageError
from eda_agent.interrupts import obey

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a system says when a disk, a user's share of it or a file takes no more."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit status."""
    forgive_encodings()
    words = sys.argv[1:] if arguments is None else list(arguments)
    # the command is the first word that is no option: those before it take no values
    options = build_parser(next((word for word in words if not word.startswith("-")), "")).parse_args(words)
    if options.allow_code:
        os.environ["EDA_AGENT_ALLOW_CODE"] = "1"
    if options.untrusted or options.trusted:
        os.environ["EDA_AGENT_UNTRUSTED"] = "1" if options.untrusted else "0"
    # a terminated run ends like an interrupted one: journal complete, resumable
    obey(signal.SIGTERM)
    try:
        status: int = options.func(options)
        return status
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
