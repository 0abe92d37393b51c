"""Past handoffs from the event log of another system: read by a mapping, run through the law of the clock, judged by an agreement."""
