"""Workers that are killed, as by kill -9, each at its Nth statement: `python -m tests.faults.dying_worker N ...`.

Every N is a process of its own, forked from this one, which has loaded the application and has no connection. It runs
every drain dry, in the order of the lead's way. The first one that comes to its end (as with N = 0) is the last one.
Prints how many were killed.
"""

import os
import signal
import sys
from typing import Any

import django

if __name__ == "__main__":
    django.setup()
    from django.db import connection

    from drains.registry import all_drains
    from tests.support.drains import run_dry


def work(statement: int) -> None:
    """Run the drains, and die before statement number `statement`."""
    left = statement

    def die_in_time(execute: Any, *arguments: Any) -> Any:
        """Count the statements down, and die before the last one."""
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*arguments)

    with connection.execute_wrapper(die_in_time):
        for drain in all_drains():
            run_dry(drain.name)


def in_a_process(statement: int) -> int:
    """How the process ended: 0, or minus the signal that killed it. Its own error ends this one too."""
    child = os.fork()
    if child == 0:
        work(statement)
        sys.exit()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status > 0:
        sys.exit(status)
    return status


if __name__ == "__main__":
    killed = 0
    for argument in sys.argv[1:]:
        if in_a_process(int(argument)) == 0:
            break
        killed += 1
    print(killed)
