"""A program that asks the API in somebody's name."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import make_token

ROOT = "/api/v1"


class Program:
    """Has a token of the person, or none; `status` and `json` are those of the last answer."""

    def __init__(self, user: User | None = None, *, secret: str = "") -> None:
        if user is not None:
            secret = make_token(user=user, name="test", days=None, now=timezone.now())[1]
        self._headers = {"authorization": f"Bearer {secret}"} if secret else {}
        self._client = Client()
        self.status = 0
        self.json: Any = None

    def get(self, path: str) -> Any:
        """The JSON of an address below /api/v1, or of a whole address."""
        return self.send("GET", path, b"")

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON of the answer."""
        return self.send("POST", path, b"" if body is None else json.dumps(body).encode(), **headers)

    def send(self, method: str, path: str, raw: bytes, **headers: str) -> Any:
        """As it is, whatever it is."""
        address = path if "://" in path else ROOT + path
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self._client.generic(
            method, address, raw, "application/json", headers={**self._headers, **named}
        )
        self.status = answer.status_code
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        self.json = json.loads(answer.content) if is_json else None
        return self.json

    def refused(self, path: str, body: Any = None) -> tuple[int | str, ...]:
        """Post what must be refused: the status, the code, and the fields that are named."""
        self.post(path, body)
        return self.status, self.json["code"], *self.fields

    @property
    def fields(self) -> list[str]:
        """The fields that the last answer names as wrong, each with words and a remedy."""
        assert all(error["message"] and error["remedy"] for error in self.json["errors"])
        return [error["field"] for error in self.json["errors"]]
