"""The command line: one module per command. Messages go to stderr, data to stdout."""

from eda_agent.cli.main import main

__all__ = ["main"]
