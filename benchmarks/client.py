"""Sends submissions over kept connections: `python -m benchmarks.client PORT CONNECTIONS SECONDS KEY RUN`.

A process of its own, so that it shares no interpreter lock with what it measures. Prints what it saw as JSON.
"""

import json
import sys
import threading
import time
from http.client import HTTPConnection

PATH = "/api/v1/submissions"


class Sender(threading.Thread):
    """One connection: the next submission as soon as the last one is answered."""

    def __init__(self, port: int, key: str, name: str) -> None:
        super().__init__(name=name)
        self.link = HTTPConnection("127.0.0.1", port, timeout=30)
        self.key = key
        self.until = 0.0
        self.taken = 0
        self.refused: list[str] = []

    def run(self) -> None:
        """Send until the time is over."""
        number = 0
        while time.perf_counter() < self.until:
            number += 1
            name = f"{self.name}-{number}"
            body = json.dumps(
                {
                    "email": f"visitor.{name}@company{number % 1000}.example",
                    "first_name": "Ada",
                    "last_name": f"Visitor {number}",
                    "job_title": "Head of Sales",
                    "company_name": f"Company {number % 1000}",
                    "country": "DE",
                    "employees": 1 + number % 500,
                    "activity": "whitepaper",
                    "utm_source": "google",
                    "landing_page": "https://www.example.com/whitepaper",
                }
            )
            headers = {
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.key}",
                "Idempotency-Key": name,
            }
            self.link.request("POST", PATH, body, headers)
            answer = self.link.getresponse()
            text = answer.read()
            if answer.status == 202:
                self.taken += 1
            else:
                self.refused.append(f"{answer.status} {text[:200]!r}")


def main(port: int, connections: int, seconds: float, key: str, run: str) -> None:
    """Run all senders for the same stretch of time and print the sum."""
    senders = [Sender(port, key, f"{run}-{number}") for number in range(connections)]
    start = time.perf_counter()
    for sender in senders:
        sender.until = start + seconds
        sender.start()
    for sender in senders:
        sender.join()
    passed = time.perf_counter() - start
    refused = [text for sender in senders for text in sender.refused]
    taken = sum(sender.taken for sender in senders)
    print(json.dumps({"taken": taken, "seconds": passed, "refused": len(refused), "first": refused[:1]}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4], sys.argv[5])
