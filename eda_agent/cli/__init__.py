"""The command line: thin, one file a group of commands; human text goes to stderr, data to stdout."""

from eda_agent.cli.main import main

__all__ = ["main"]
