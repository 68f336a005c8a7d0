"""Untrained weights of the universal surrogate, of this version."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from eda_agent.agent.universal.checkpoint import FILE, write_network
from eda_agent.agent.universal.graph import METRIC_NAMES
from eda_agent.agent.universal.network import Network
from eda_agent.train.universal.net import Net


def write_untrained(folder: Path) -> Path:
    """Write the file of weights into a folder; returns its path."""
    torch.manual_seed(3)
    state = {name: value.detach().numpy().astype(np.float64) for name, value in Net().state_dict().items()}
    write_network(folder / FILE, Network(state, np.zeros(len(METRIC_NAMES)), np.ones(len(METRIC_NAMES))), {})
    return folder / FILE
