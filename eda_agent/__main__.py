"""`python -m eda_agent` is the command line, for launchers that start modules."""

from eda_agent.cli import main

raise SystemExit(main())
