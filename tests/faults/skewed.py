"""A process whose own clock is wrong: `python -m tests.faults.skewed SECONDS CODE`.

Python's clocks are turned by so many seconds before anything of the project is loaded; the database's is not.
"""

import sys
from datetime import UTC, datetime, timedelta

import django
import time_machine

if __name__ == "__main__":
    turned = datetime.now(UTC) + timedelta(seconds=int(sys.argv[1]))
    with time_machine.travel(turned):
        django.setup()
        exec(sys.argv[2])  # noqa: S102 - the code is the test's own
