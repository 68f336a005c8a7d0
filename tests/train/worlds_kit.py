"""A kit of made-up output of the network: two small arenas without records or a simulator."""

from __future__ import annotations

import torch
from torch import Tensor

from eda_agent.train.universal.net import Net
from eda_agent.train.worlds.arena import Kit

P, K, N = 4, 3, 6


def made_up_kit() -> Kit:
    """Two arenas of made-up output of the network; in the second one a parameter and a spec are padding."""
    torch.manual_seed(0)
    net = Net(rank=8).requires_grad_(False).eval()
    rank = net.rank
    generated = {
        "input": torch.randn(2, P, rank), "slope": 0.3 * torch.randn(2, K, P),
        "inverse_length": 0.3 + torch.rand(2, K, P), "offset": torch.randn(2, rank),
        "gain": torch.ones(2, rank), "shift": torch.zeros(2, rank), "out": 0.1 * torch.randn(2, K, 2 * rank),
        "spread": 0.2 * torch.rand(2, K, 2 * rank), "rough": torch.full((2, K), 0.3),
        "rougher": torch.full((2, K), 0.05), "noise": torch.full((2, K), 1e-3),
    }  # fmt: skip
    parameters, specs = torch.ones(2, P), torch.ones(2, K)
    parameters[1, -1], specs[1, -1] = 0, 0
    for name, places in (("input", 1), ("slope", 2), ("inverse_length", 2)):
        generated[name] = generated[name] * parameters.reshape(2, *(P if place == places else 1 for place in (1, 2)))
    x = 0.4 * torch.randn(2, N, P) * parameters[:, None]
    x[:, 0] = 0
    y = (0.5 * torch.randn(2, N, K) + x.sum(-1, keepdim=True)) * specs[:, None]
    y[:, 0] = 0
    known = torch.ones(2, N, K) * specs[:, None]
    known[0, 3, 1] = 0
    low, high = torch.full((2, P), 1e-6), torch.full((2, P), 1e-4)
    goals = torch.ones(2, N)
    goals[:, 0] = 0
    return Kit(
        net, generated, low, high, torch.tensor([[1.0, 1, 1, 0], [1, 1, 1, 1]]), torch.full((2, P), 1e-5).log(),
        torch.full((2, P), 0.5), torch.tensor([[0.5, -0.4, 0.3], [0.2, 0.6, 0.0]]), torch.full((2, K), 0.05), specs,
        parameters, x, y, known, goals, torch.tensor([0.0, 1.0]), ("one", "other"),
    )  # fmt: skip


def both(kit: Kit, count: int) -> Tensor:
    return torch.arange(2).repeat(count)
