"""A budget is the number of simulations that a run may take; a run that has spent it is resumed with a larger one."""

from __future__ import annotations


def question(spent: int) -> tuple[str, str]:
    """(title, text) of the box that asks for more simulations."""
    return "Resume", f"The budget of {spent} simulations is spent. How many more simulations?"


def larger(spent: int, more: str) -> int:
    """The budget with so many more simulations, as typed. Raises ValueError unless that is a whole number from 1."""
    if not more.strip().isdecimal() or int(more) < 1:
        raise ValueError(f"{more.strip() or 'nothing'} is no number of further simulations\n\nEnter 1 or more")
    return spent + int(more)
