"""Deep calls have room: no depth makes a loop ask the system for memory at every turn."""

from __future__ import annotations

import resource
import sys

import pytest

from drains.frames import with_room

TURNS, DEEPEST = 200, 150


def leaf() -> int:
    return 1


def loop_at(depth: int) -> int:
    return loop_at(depth - 1) if depth else sum([leaf() for _turn in range(TURNS)])


def most_faults() -> int:
    """Pages of memory that the system had to hand out at the worst depth."""
    worst = 0
    for depth in range(DEEPEST):
        before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
        loop_at(depth)
        worst = max(worst, resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before)
    return worst


@pytest.mark.skipif(sys.platform != "linux", reason="counts page faults of a thread, which only Linux tells")
def test_no_depth_makes_a_loop_ask_for_memory_at_every_turn() -> None:
    with_room(most_faults)()
    assert with_room(most_faults)() < TURNS / 4


def test_a_function_with_room_is_the_function() -> None:
    def told(word: str, *, times: int = 1) -> str:
        """Says it."""
        return word * times

    roomy = with_room(told)
    assert (roomy("a", times=3), roomy.__name__, roomy.__doc__) == ("aaa", "told", "Says it.")
    with pytest.raises(TypeError, match="unexpected keyword"):
        roomy("a", often=3)  # type: ignore[call-arg]
