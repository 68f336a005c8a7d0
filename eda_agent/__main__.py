"""`python -m eda_agent` is the command line."""

import sys

from eda_agent.cli.main import main

sys.exit(main())
