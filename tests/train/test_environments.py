"""The sizing game as other libraries drive it, each by that library's own code."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eda_agent.problem.spec import Problem
from eda_agent.simulation.evaluation import Simulator
from eda_agent.units import format_quantity
from tests.train.histories import made_up
from tests.train.tiny_text import tiny_model, tiny_tokenizer


def reply_of(problem: Problem, seed: int) -> str:
    draw = np.random.default_rng(seed)
    sizing = problem.space.from_unit(draw.random(len(problem.space.parameters)).tolist())
    return json.dumps(
        {
            "reasoning": "try",
            "sizing": {name: format_quantity(value, digits=4).replace(" ", "") for name, value in sizing.items()},
        }
    )


def test_gymnasium_checks_and_plays(miller: Problem) -> None:
    gymnasium = pytest.importorskip("gymnasium")
    from gymnasium.utils.env_checker import check_env

    from eda_agent.train.environments.gym import SizingEnv

    env = SizingEnv(lambda draw: (miller, made_up(miller)), turns=6)
    check_env(env, skip_render_check=True)
    _, _ = env.reset(seed=1)
    env.action_space.seed(1)
    total, done, steps = 0.0, False, 0
    assert env._game is not None
    start = env._game.best
    while not done:
        observation, reward, terminated, truncated, _ = env.step(env.action_space.sample())
        assert observation in env.observation_space
        total, done, steps = total + reward, terminated or truncated, steps + 1
    assert steps == 6 and isinstance(env, gymnasium.Env)
    # the return is the best turn's gain
    assert total == pytest.approx(env._game.best - start)


def test_trl_plays_it_through_tool_calls(miller: Problem, tmp_path: Path) -> None:
    trl = pytest.importorskip("trl")
    from datasets import Dataset
    from trl.chat_template_utils import qwen3_chat_template

    from eda_agent.train.environments.trl import SizingEnvironment, environment_factory

    calls: list[str] = []

    def tasks(task: str, **_: Any) -> tuple[Problem, Simulator]:
        calls.append(task)
        return miller, made_up(miller)

    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = qwen3_chat_template
    arguments = trl.GRPOConfig(
        output_dir=str(tmp_path),
        per_device_train_batch_size=4,
        num_generations=4,
        max_completion_length=8,
        max_steps=1,
        report_to="none",
        use_cpu=True,
        bf16=False,
    )
    data = Dataset.from_list(
        [{"prompt": [{"role": "user", "content": "size it"}], "task": f"t{number}"} for number in range(2)]
    )
    trainer = trl.GRPOTrainer(
        model=tiny_model(),
        args=arguments,
        train_dataset=data,
        processing_class=tokenizer,
        environment_factory=environment_factory(tasks, turns=3),
    )
    trainer.train()
    assert len(calls) >= 4 and trainer.state.log_history[0]["rewards/SizingEnvironment/mean"] > 0
    # the tool that TRL found, called as TRL calls it
    (tool,) = [tool for tool in trainer.tools if tool.__name__ == "propose_sizing"]
    env = tool.__self__
    assert isinstance(env, SizingEnvironment)
    env.reset(task="x")
    before = env.get_reward()
    words = tool(sizing=json.dumps(json.loads(reply_of(miller, 1))["sizing"]))
    assert "turn 1: score" in words and "dc_gain" in words
    assert env.get_reward() >= before
    assert "unknown parameter" in tool(sizing='{"nonsense": 1}')
    tool(sizing="no json")
    assert tool(sizing="{}") == "The task is over."


def test_verifiers_evaluates_it(problems: dict[str, Problem]) -> None:
    vf = pytest.importorskip("verifiers.legacy")
    from verifiers.legacy.types import Response, ResponseMessage

    from eda_agent.train.environments.verifiers import SizingGame

    class Scripted(vf.Client):
        """A model that answers every prompt with another random sizing of the circuit it is asked about."""

        asked: list[Any] = []

        def setup_client(self, config: Any) -> Any:
            return None

        async def get_response(self, prompt: Any, model: str, sampling_args: Any, tools: Any = None, **_: Any) -> Any:
            self.asked.append(prompt)
            text = str(prompt[-1].content)
            problem = problems["tia" if text.startswith("# tia:") else "ota_5t"]
            message = ResponseMessage(
                role="assistant", content=reply_of(problem, len(self.asked)), finish_reason="stop", is_truncated=False
            )
            return Response(id="1", created=0, model=model, usage=None, message=message)

        async def to_native_prompt(self, messages: Any) -> Any:
            raise NotImplementedError

        async def to_native_tool(self, tool: Any) -> Any:
            raise NotImplementedError

        async def get_native_response(self, *_: Any, **__: Any) -> Any:
            raise NotImplementedError

        async def raise_from_native_response(self, response: Any) -> None:
            raise NotImplementedError

        async def from_native_response(self, response: Any) -> Any:
            raise NotImplementedError

        async def close(self) -> None:
            return None

    env = SizingGame(lambda name: (problems[name], made_up(problems[name])), ["ota_5t", "tia"], turns=3)
    client = Scripted(None)
    results = asyncio.run(env.evaluate(client, "scripted", num_examples=2, rollouts_per_example=2))
    rewards = [output["reward"] for output in results["outputs"]]
    assert len(rewards) == 4 and all(0 < reward < 1 for reward in rewards)
    assert len(client.asked) == 12
    # each prompt is the product's, with what came before in it
    assert sum(re.search(r"^2\|0\.", str(prompt[-1].content), re.MULTILINE) is not None for prompt in client.asked) == 4
