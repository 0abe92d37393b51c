"""Room for deep calls, so that none of them happens to be slow.

From 3.11 on CPython keeps the frames of Python's functions in pieces of 16 KiB, asks the system for a piece when a call does not fit
in the last one, and gives it back when that call returns. A loop that calls at the very end of a piece does both each time: the list
of submissions did it 1,700 times a page and took twice as long, until a middleware more or less moved the end to another place.

A function that asks for a large frame gets a large piece, and everything that it calls fits in the rest of it. Memory that nobody
writes to is only promised, so the room costs one pair of system calls.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# In places of eight bytes: 256 KiB for the frame itself, in a piece of 512, of which the other half is left for what is called.
ROOM = 32 * 1024


def with_room(function: Callable[P, R]) -> Callable[P, R]:
    """`function`, called with room for its frames. For where work begins: a request, a batch, a command."""

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)

    call.__code__ = call.__code__.replace(co_stacksize=ROOM)
    return wraps(function)(call)
