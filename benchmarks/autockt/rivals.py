"""What the models of AutoCkt's task must be better than: the rivals of `benchmarks.rivals` with the designs of their
own training, and themselves misled.

    eda-agent bench benchmarks/autockt/hidden_suite.yaml --policy
    embedded:runs/train-autockt-hidden/model,python:benchmarks.autockt.rivals.HiddenLookUp,…

The models are where `eda-agent train benchmarks/autockt/fixed.yaml` and `…/hidden.yaml` leave them.
"""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks import rivals

HERE = Path(__file__).parent
RUNS = Path(os.environ.get("AUTOCKT_RUNS", "runs"))


class FixedLookUp(rivals.LookUp):
    recipe = HERE / "fixed.yaml"


class FixedPortfolio(rivals.Portfolio):
    recipe = HERE / "fixed.yaml"


class FixedSingle(rivals.Single):
    recipe = HERE / "fixed.yaml"


class FixedBlind(rivals.Blind):
    def __init__(self, seed: int):
        super().__init__(seed, str(RUNS / "train-autockt-fixed" / "model"))


class HiddenLookUp(rivals.LookUp):
    recipe = HERE / "hidden.yaml"


class HiddenPortfolio(rivals.Portfolio):
    recipe = HERE / "hidden.yaml"


class HiddenSingle(rivals.Single):
    recipe = HERE / "hidden.yaml"


class HiddenBlind(rivals.Blind):
    def __init__(self, seed: int):
        super().__init__(seed, str(RUNS / "train-autockt-hidden" / "model"))


class HiddenSwapped(rivals.Swapped):
    recipe = HERE / "hidden.yaml"

    def __init__(self, seed: int):
        super().__init__(seed, str(RUNS / "train-autockt-hidden" / "model"))
