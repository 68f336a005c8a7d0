"""`eda-agent mcp`: serve the commands as tools of the Model Context Protocol, on stdin and stdout."""

from __future__ import annotations

import argparse
from pathlib import Path

from eda_agent.cli.options import Commands


def register(commands: Commands) -> None:
    parser = commands.add_parser(
        "mcp",
        help="serve agents over the Model Context Protocol (needs the extra mcp)",
        description=(
            "Serve init, check, simulate, ask, size, run, show, report, monte_carlo and post_layout as tools on stdin"
            " and stdout. A client can reach only the files below --root, and cannot start programs."
        ),
    )
    parser.add_argument(
        "--root", type=Path, default=Path(), metavar="DIR", help="the folder of the client (default: the current one)"
    )
    parser.set_defaults(func=mcp_command)


def mcp_command(options: argparse.Namespace) -> int:
    """Serve until the client leaves. Programs that a spec names are never run, whatever the options say."""
    import os

    from eda_agent.errors import MissingError
    from eda_agent.server.confined import Root

    os.environ.pop("EDA_AGENT_ALLOW_CODE", None)
    root = Root.at(options.root)
    try:
        from eda_agent.server.stdio import serve
    except ImportError as error:
        raise MissingError(
            f"the server needs a package that is not installed: {error.name}\n    → pip install 'eda-agent[mcp]'"
        ) from None
    serve(root)
    return 0
