"""Blocks of work over a few threads, in order, stopped at once."""

from __future__ import annotations

import os
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_Part = TypeVar("_Part")
_Done = TypeVar("_Done")
_AHEAD = 3
"""Blocks for each thread that may wait to be taken: what is done and not yet taken stays small."""


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(work: Callable[[_Part], _Done], parts: Sequence[_Part], *, threads: int | None = None) -> Iterator[_Done]:
    """Yield `work(part)` for every part, in their order, by some threads (all processors where None).

    What is yielded does not depend on the number of threads. Whoever stops taking, by an error or Ctrl-C, waits
    only for the blocks at work; the others are dropped. The main thread never works itself: a Ctrl-C that meets
    compiled code there comes out as numba's SystemError.
    """
    count = min(processors() if threads is None else max(1, threads), len(parts))
    if count == 0 or (count == 1 and threading.current_thread() is not threading.main_thread()):
        yield from map(work, parts)
        return
    rest = iter(parts)
    pool = ThreadPoolExecutor(count, thread_name_prefix="edulayout")
    try:
        waiting = deque(pool.submit(work, part) for part in islice(rest, _AHEAD * count))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(work, part) for part in islice(rest, 1))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def aside(work: Callable[[], _Done]) -> _Done:
    """Return what some compiled work gives that cannot be cut into blocks; Ctrl-C comes when it is done."""
    (found,) = in_order(lambda _: work(), (None,), threads=1)
    return found
