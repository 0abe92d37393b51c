"""A worker that is killed, as by kill -9, at its Nth statement: `python -m tests.faults.dying_worker N`.

Runs every drain once, in the order of the lead's way, and ends normally (exit code 0) where N is never reached.
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
    from drains.runner import run

    left = int(sys.argv[1])

    def die_in_time(execute: Any, *arguments: Any) -> Any:
        """Count the statements down, and die before the last one."""
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*arguments)

    with connection.execute_wrapper(die_in_time):
        for drain in all_drains():
            run(drain.name)
