"""What lies in the user's folders and may be anybody's: results, memories, cut libraries, models, checkpoints, pools.
None is believed, none is run.
"""

from __future__ import annotations

import json
import pickle
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from eda_agent.agent.language import words
from eda_agent.agent.language.numpy_engine import load_numpy
from eda_agent.agent.policies import surrogate_checkpoint
from eda_agent.agent.policies.embedded import shipped_model
from eda_agent.agent.policies.registry import make_policy
from eda_agent.errors import EdaAgentError, InputError
from eda_agent.problem.pdk import cut_library, find_pdk
from eda_agent.problem.spec import Problem
from eda_agent.run.design_memory import seeds_of
from eda_agent.simulation.cache import Cache
from eda_agent.simulation.evaluate import Evaluator
from eda_agent.simulation.local_pool import LocalPool
from eda_agent.simulation.memory import Memory, circuit_key
from eda_agent.simulation.workbench import Workbench
from eda_agent.train import checkpoint
from eda_agent.train.make_pool import _read

VALUES = {
    "empty": "",
    "no JSON": "metrics",
    "a list": "[]",
    "a number": "7",
    "null": "null",
    "a word": '"metrics"',
    "an empty object": "{}",
    "deep": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "metrics is a list": '{"metrics":[1,2]}',
    "a metric is a number": '{"metrics":{"dc_gain":5}}',
    "a metric is a word": '{"metrics":{"dc_gain":["90","",""]}}',
    "a metric is true": '{"metrics":{"dc_gain":[true,"",""]}}',
    "a metric is no number": '{"metrics":{"dc_gain":[NaN,"",""]}}',
    "a metric is infinite": '{"metrics":{"dc_gain":[Infinity,"",""]}}',
    "a metric without why": '{"metrics":{"dc_gain":[90.0]}}',
    "why is a list": '{"metrics":{"dc_gain":[null,["x"],""]}}',
    "an endless why": json.dumps({"metrics": {"dc_gain": [None, "x" * 10**6, ""]}}),
    "a metric without bound": '{"metrics":{"dc_gain":[90.0,""]}}',
    "a bound of no kind": '{"metrics":{"dc_gain":[90.0,"","≥"]}}',
    "a bound is a list": '{"metrics":{"dc_gain":[90.0,"",[">"]]}}',
    "a bound without a number": '{"metrics":{"dc_gain":[null,"not seen",">"]}}',
    "points is a list": '{"metrics":{},"operating_point":[1]}',
    "a point is a word": '{"metrics":{},"operating_point":{"m1":"x"}}',
    "a point's number is a word": '{"metrics":{},"operating_point":{"m1":{"id":"1"}}}',
    "a failure is a word": '{"failure":"no"}',
    "a failure of no kind": '{"failure":{"kind":"__class__","words":"x"}}',
    "a failure without words": '{"failure":{"kind":"crash"}}',
    "seconds is a word": '{"metrics":{},"seconds":"1"}',
    "seconds without end": '{"metrics":{},"seconds":1e999}',
    "a preparation that is none": '{"flat":1,"nodeset":[],"deviation":"x"}',
    "a node at a word": '{"flat":true,"nodeset":{"a":".shell"},"deviation":null}',
    "bytes": b"\xff\x00\xfe",
}


class Canary:
    """What unpickling it would leave behind."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.fixture(scope="module")
def pool() -> Iterator[LocalPool]:
    with LocalPool(1) as executor:
        yield executor


@pytest.fixture(scope="module")
def small(problems: dict[str, Problem]) -> Problem:
    return replace(problems["ota_5t"], corners=problems["ota_5t"].corners[:1])


@pytest.fixture(scope="module")
def kept(small: Problem, pool: LocalPool, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A file of results, and the evaluation that is in it."""
    path = tmp_path_factory.mktemp("cache") / "results.sqlite"
    cache = Cache(path)
    first = Evaluator(small, Workbench(small, path.parent / "models"), pool, cache).evaluate([small.space.initial])[0]
    again = Evaluator(small, Workbench(small, path.parent / "models"), pool, cache).evaluate([small.space.initial])[0]
    cache.close()
    assert again.cached == again.jobs and again.values == first.values
    return path, first


@pytest.mark.parametrize("name", VALUES)
def test_results_that_are_none_are_simulated_anew(
    name: str, kept: tuple[Path, Any], small: Problem, pool: LocalPool, tmp_path: Path
) -> None:
    path, first = kept
    shutil.copy(path, tmp_path / "results.sqlite")
    database = sqlite3.connect(tmp_path / "results.sqlite")
    with database:
        assert database.execute("UPDATE results SET value = ?", (VALUES[name],)).rowcount >= 2
    database.close()
    cache = Cache(tmp_path / "results.sqlite")
    found = Evaluator(small, Workbench(small, path.parent / "models"), pool, cache).evaluate([small.space.initial])[0]
    assert (found.values, found.operating_points, found.cached) == (first.values, first.operating_points, 0)
    # and the file has the true ones now
    again = Evaluator(small, Workbench(small, path.parent / "models"), pool, cache).evaluate([small.space.initial])[0]
    assert again.cached == again.jobs and again.values == first.values
    cache.close()


@pytest.mark.parametrize("name", VALUES)
def test_a_process_that_answers_nonsense_is_a_failed_simulation(
    name: str, small: Problem, pool: LocalPool, tmp_path: Path
) -> None:
    """A simulator that a netlist took over says what it likes."""
    try:
        said = json.loads(VALUES[name])
    except (ValueError, RecursionError):
        pytest.skip("no JSON: the pipe's own reader refuses it")
    cache = Cache(tmp_path / "results.sqlite")
    evaluator = Evaluator(small, Workbench(small, tmp_path / "models"), pool, cache)
    pending = evaluator.begin([small.space.initial])
    for index in range(len(pending.tasks)):
        evaluator.keep(pending, index, said)
    found = evaluator.finish(pending)[0]
    assert found.failures and all(kind.kind == "crash" for *_, kind in found.failures)
    assert cache.get_many(pending.keys) == {}
    cache.close()


@pytest.mark.parametrize("name", VALUES)
def test_memories_that_are_none_are_forgotten(name: str, small: Problem, tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory.sqlite")
    memory.add(circuit_key(small), [])
    database = sqlite3.connect(memory.path)
    with database:
        for number, row in enumerate([(VALUES[name], "{}"), (json.dumps(dict(small.space.initial)), VALUES[name])]):
            database.execute("INSERT INTO designs VALUES (?, ?, ?)", (circuit_key(small), *row))
            assert number < 2
    database.close()
    assert seeds_of(small, memory) == []


@pytest.mark.parametrize("name", [*VALUES, "another cut"])
def test_cuts_that_are_none_are_made_anew(name: str, tmp_path: Path) -> None:
    pdk, boxes = find_pdk("sky130A"), {"sky130_fd_pr__nfet_01v8": ((1e-6, 2e-6), (2e-7, 3e-7))}
    first = cut_library(pdk, "tt", boxes, tmp_path)
    text = first.models.read_bytes()
    index = first.models.with_suffix(".json")
    if name == "another cut":
        first.models.write_text("* hello\n.include /etc/passwd\n")
    else:
        index.write_bytes(VALUES[name] if isinstance(VALUES[name], bytes) else str(VALUES[name]).encode())
    found = cut_library(pdk, "tt", boxes, tmp_path)
    assert (found.digest, found.bins, found.devices) == (
        first.digest,
        first.bins,
        first.devices,
    ) and found.models.read_bytes() == text


CONFIG = json.loads((shipped_model() / "config.json").read_text())
CONFIGS = {
    "a list": [],
    "empty": {},
    "a word for a number": {**CONFIG, "width": "128"},
    "no heads": {**CONFIG, "heads": 0},
    "heads below zero": {**CONFIG, "heads": -4},
    "many layers": {**CONFIG, "layers": 10**12},
    "one layer more": {**CONFIG, "layers": CONFIG["layers"] + 1},
    "another width": {**CONFIG, "width": 64},
    "heads that do not divide": {**CONFIG, "heads": 3},
    "true": {**CONFIG, "layers": True},
    "half": {**CONFIG, "width": 1.5},
    "levels": {**CONFIG, "levels": 97},
    "another language": {**CONFIG, "language": words.VERSION + 1},
    "null": None,
    "no window": {**CONFIG, "window": 0},
}


@pytest.mark.parametrize("name", CONFIGS)
def test_configs_of_strangers(name: str, tmp_path: Path) -> None:
    shutil.copy(shipped_model() / "model.safetensors", tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(CONFIGS[name]))
    with pytest.raises(InputError, match=r"this model uses|this is no(t a)? model"):
        load_numpy(tmp_path)


WEIGHTS = {
    "empty": b"",
    "short": b"\x00" * 7,
    "a header of an exabyte": (2**60).to_bytes(8, "little") + b"{}",
    "a header that is no JSON": (5).to_bytes(8, "little") + b"hello",
    "no tensors": (2).to_bytes(8, "little") + b"{}",
    "a tensor outside": (62).to_bytes(8, "little")
    + b'{"embed.weight":{"dtype":"F32","shape":[9],"data_offsets":[0,'
    + b"36]}}",
    "a pickle": pickle.dumps({"embed.weight": [1.0]}),
    "a zip": b"PK\x03\x04" + b"\x00" * 30,
}


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize("policy", ["embedded", "local"])
def test_weights_of_strangers(name: str, policy: str, tmp_path: Path) -> None:
    shutil.copy(shipped_model() / "config.json", tmp_path)
    (tmp_path / "model.safetensors").write_bytes(WEIGHTS[name])
    with pytest.raises(EdaAgentError):
        make_policy(policy, 0, {"model": str(tmp_path)})


@pytest.mark.parametrize(
    "file", ["pytorch_model.bin", "model.pt", "model.safetensors", "adapter_model.bin", "training_args.bin"]
)
@pytest.mark.parametrize("kind", ["compact", "text"])
def test_no_file_of_a_model_is_unpickled(file: str, kind: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    model = tmp_path / "model"
    model.mkdir()
    config = (
        CONFIG
        if kind == "compact"
        else {
            "model_type": "llama",
            "architectures": ["LlamaForCausalLM"],
            "hidden_size": 8,
            "num_hidden_layers": 1,
            "num_attention_heads": 1,
            "intermediate_size": 8,
            "vocab_size": 16,
            "auto_map": {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"},
        }
    )
    (model / "config.json").write_text(json.dumps(config))
    (model / "evil.py").write_text(f"import pathlib\npathlib.Path({str(canary)!r}).touch()\n")
    (model / file).write_bytes(pickle.dumps(Canary(canary)))
    torch.save({"w": Canary(canary)}, model / f"other-{file}")
    for policy in ("local", "embedded"):
        with pytest.raises(EdaAgentError):
            make_policy(policy, 0, {"model": str(model)})
    assert not canary.exists()


@pytest.mark.parametrize("file", ["state.json", "state.safetensors", "optimizer.safetensors"])
@pytest.mark.parametrize("name", [*WEIGHTS, "deep", "a list", "null"])
def test_checkpoints_of_strangers(file: str, name: str, tmp_path: Path) -> None:
    network = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(network.parameters())
    network(torch.ones(2)).sum().backward()
    optimizer.step()
    network.save_pretrained = lambda folder: None  # type: ignore[assignment]  # its weights are no matter here
    found = checkpoint.save(tmp_path, 1, network, optimizer, {"seed": 1}, {})
    checkpoint.load(found, network, optimizer, network.state_dict())
    (found / file).write_bytes(WEIGHTS[name] if name in WEIGHTS else str(VALUES[name]).encode())
    if (file, name) == ("optimizer.safetensors", "no tensors"):
        # that of a first step
        checkpoint.load(found, network, optimizer, network.state_dict())
        return
    with pytest.raises(InputError, match="cannot be read"):
        checkpoint.load(found, network, optimizer, network.state_dict())


@pytest.mark.parametrize("name", [*WEIGHTS, "objects", "another file's"])
def test_pools_and_surrogates_of_strangers(name: str, small: Problem, tmp_path: Path) -> None:
    path, canary = tmp_path / "found.npz", tmp_path / "canary"
    if name == "objects":
        hostile = np.array([Canary(canary)], dtype=object)
        np.savez(path, index=hostile, devices=hostile, sizes=hostile)
    elif name == "another file's":
        np.savez(path, index=np.frombuffer(b"[" * 5000, np.uint8), other=np.zeros(3))
    else:
        path.write_bytes(WEIGHTS[name])
    assert _read(path) is None and surrogate_checkpoint.read_checkpoint(path, small) is None
    assert not canary.exists()
