"""Policies propose the next sizing from the history. One file each; `registry` finds them by name."""
