"""What is computed ahead comes in order, with its errors, and leaves no process behind."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import numpy as np
import pytest

from eda_agent.train.prefetch import Prefetch


def test_results_come_in_order_from_another_process() -> None:
    here = os.getpid()
    with contextlib.closing(Prefetch(lambda item: (item, os.getpid(), np.arange(300_000) + item), range(6))) as ahead:
        found = [ahead.next() for _ in range(6)]
        with pytest.raises(StopIteration):
            ahead.next()
    assert [item for item, _, _ in found] == list(range(6))
    assert all((numbers == np.arange(300_000) + item).all() for item, _, numbers in found)
    assert {process for _, process, _ in found} != {here}


def test_an_error_is_raised_where_its_result_would_be() -> None:
    def make(item: int) -> float:
        return 1.0 / item

    with contextlib.closing(Prefetch(make, [1, 0, 2])) as ahead:
        assert ahead.next() == 1.0
        with pytest.raises(ZeroDivisionError):
            ahead.next()
        assert ahead.next() == 0.5


def test_closing_ends_the_process_and_a_dead_one_is_told() -> None:
    ahead = Prefetch(lambda item: bytes(10_000_000), range(100))
    ahead.next()
    child = ahead._child
    ahead.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    again = Prefetch(lambda item: time.sleep(30), range(3))
    os.kill(again._child, signal.SIGKILL)
    with pytest.raises(RuntimeError, match="has ended"):
        again.next()
    again.close()
