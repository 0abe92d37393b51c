"""Which line a wake-up call waits in."""

from config.celery import app
from drains.registry import all_drains


def test_breaches_wait_in_a_line_of_their_own_and_a_plain_worker_takes_from_all_lines() -> None:
    lines = {drain.name: app.amqp.router.route({}, drain.name)["queue"].name for drain in all_drains()}
    assert {name for name, line in lines.items() if line == "clocks"} == {"sla.sweep"}
    assert set(lines.values()) == set(app.amqp.queues.consume_from)
