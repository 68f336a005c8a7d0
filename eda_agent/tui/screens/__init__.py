"""Screens on top of the main one: questions, details of a turn, lists of runs. Escape leaves each."""
