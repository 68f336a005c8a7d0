"""eda-agent: analog circuit sizing with an agent that reasons."""

__version__ = "0.1.0"
