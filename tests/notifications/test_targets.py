"""Where our server can be made to connect: to public addresses only, and to the very one that was looked at."""

from __future__ import annotations

import _socket
import http.client
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from notifications import chat, targets, webhooks
from notifications.targets import NotFound, Refused
from tests.notifications.receiver import listening

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)


def names(**known: str | list[str]) -> Any:
    """A look-up of names: those of the test, and whatever the machine itself reads as an address."""

    def look_up(host: str, port: int, **options: Any) -> list[tuple[Any, ...]]:
        found = known.get(host.replace(".", "_").replace("-", "_"))
        if found is not None:
            addresses = [found] if isinstance(found, str) else found
            return [(0, 0, 0, "", (address, port)) for address in addresses]
        return list(_socket.getaddrinfo(host, port, 0, _socket.SOCK_STREAM, 0, _socket.AI_NUMERICHOST))

    return look_up


INNER = [
    "127.0.0.1",
    "127.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104
    "0",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "10.0.0.1",
    "10.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "3232235777",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::808:808]",
    "[2002:7f00:1::]",
    "[2001:0:53aa:64c::1]",
    "[2001:db8::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[ff0e::1]",
]


@pytest.mark.parametrize("host", INNER)
def test_an_inner_address_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(Refused) as refused:
        targets.check(f"https://{host}/hook", allow_insecure=False, look_up=names())
    assert refused.value.reason == "inner"


@pytest.mark.parametrize("host", ["8.8.8.8", "134744072", "[2606:4700:4700::1111]", "[::ffff:8.8.8.8]"])
def test_a_public_address_is_called(host: str) -> None:
    target = targets.check(f"https://{host}/hook?a=1#part", allow_insecure=False, look_up=names())
    assert (target.port, target.path) == (443, "/hook?a=1")


@pytest.mark.parametrize(
    "url, reason",
    [
        ("http://8.8.8.8/", "scheme"),
        ("ftp://8.8.8.8/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://8.8.8.8/", "scheme"),
        ("//8.8.8.8/", "scheme"),
        ("", "scheme"),
        ("https://8.8.8.8:8443/", "port"),
        ("https://8.8.8.8:22/", "port"),
        ("https://8.8.8.8:0/", "port"),
        ("https://8.8.8.8:99999/", "malformed"),
        ("https://user@8.8.8.8/", "userinfo"),
        ("https://user:pw@8.8.8.8/", "userinfo"),
        ("https://@8.8.8.8/", "userinfo"),
        ("https://", "malformed"),
        ("https:///hook", "malformed"),
        ("https://[::1/", "malformed"),
        ("https://[fe80::1%25eth0]/", "malformed"),
        ("https://8.8.8.8\\@127.0.0.1/", "malformed"),
        ("https://8.8.8.8/a b", "malformed"),
        ("https://8.8.8.8/\r\nHost: inner", "malformed"),
        ("https://8.8\t.8.8/", "malformed"),
        ("https://①②⑦.⓪.⓪.①/", "malformed"),
        ("https://8.8.8.8/" + "x" * 2000, "malformed"),
    ],
)
def test_an_address_of_another_form_is_refused(url: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        targets.check(url, allow_insecure=False, look_up=names())
    assert refused.value.reason == reason


def test_one_inner_address_among_those_of_a_name_is_enough() -> None:
    look_up = names(hooks_example=["8.8.8.8", "10.0.0.1"])
    with pytest.raises(Refused):
        targets.check("https://hooks.example/", allow_insecure=False, look_up=look_up)


def test_a_name_without_an_address_is_not_found() -> None:
    for look_up in (names(), names(hooks_example=[])):
        with pytest.raises(NotFound):
            targets.check("https://hooks.example/", allow_insecure=False, look_up=look_up)


def test_on_a_laptop_this_machine_may_be_called_and_its_network_may_not() -> None:
    assert targets.check("http://127.0.0.1:9000/", allow_insecure=True, look_up=names()).port == 9000
    assert targets.check("http://[::1]/", allow_insecure=True, look_up=names()).port == 80
    for host in ("10.0.0.1", "169.254.169.254", "[fe80::1]", "192.168.0.1"):
        with pytest.raises(Refused):
            targets.check(f"http://{host}/", allow_insecure=True, look_up=names())


def test_a_call_goes_to_the_address_that_was_checked_though_the_name_has_another_by_then() -> None:
    asked: list[str] = []

    def changing(host: str, port: int, **options: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "10.0.0.1"
        return [(0, 0, 0, "", (address, port))]

    with listening() as receiver:
        answer = webhooks.call(
            url=f"http://hooks.example:{receiver.port}/in",
            body=b"{}",
            headers={},
            now=NOW,
            allow_insecure=True,
            look_up=changing,
        )
    assert (answer.status, asked) == (204, ["hooks.example"])
    assert receiver.calls[0][1]["host"] == f"hooks.example:{receiver.port}"


def test_the_next_address_of_a_name_is_tried_where_the_first_is_dead() -> None:
    with listening() as receiver:
        answer = webhooks.call(
            url=f"http://hooks.example:{receiver.port}/in",
            body=b"{}",
            headers={},
            now=NOW,
            allow_insecure=True,
            look_up=names(hooks_example=["127.9.9.9", "127.0.0.1"]),
        )
    assert answer.is_success


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    """A certificate of hooks.example that nobody vouches for, and its key."""
    made = [str(tmp_path / name) for name in ("certificate.pem", "key.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=hooks.example"]
    command += ["-addext", "subjectAltName=DNS:hooks.example", "-out", made[0], "-keyout", made[1]]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the openssl program")
    return made[0], made[1]


def test_the_certificate_is_checked_for_the_name_and_not_for_the_address(
    certificate: tuple[str, str],
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*certificate)
    asked: list[str | None] = []
    server.sni_callback = lambda sock, name, context: asked.append(name)
    trusting = ssl.create_default_context(cafile=certificate[0])
    options: dict[str, Any] = {"body": b"{}", "headers": {}, "now": NOW, "allow_insecure": True}
    with listening(server) as receiver:
        look_up = names(hooks_example="127.0.0.1", other_example="127.0.0.1")
        for name, context in (("other.example", trusting), ("hooks.example", None)):
            with pytest.raises(ssl.SSLCertVerificationError):
                webhooks.call(
                    url=f"https://{name}:{receiver.port}/", look_up=look_up, context=context, **options
                )
        answer = webhooks.call(
            url=f"https://hooks.example:{receiver.port}/", look_up=look_up, context=trusting, **options
        )
    assert answer.is_success
    assert len(receiver.calls) == 1
    assert asked[-1] == "hooks.example"


def test_a_receiver_that_drips_is_given_up_at_the_end_of_the_time() -> None:
    with listening() as receiver:
        receiver.drips = True
        before = datetime.now(UTC)
        with pytest.raises((OSError, http.client.HTTPException)):
            webhooks.call(
                url=receiver.url,
                body=b"{}",
                headers={},
                now=NOW,
                allow_insecure=True,
                timeout=timedelta(seconds=0.5),
            )
        assert datetime.now(UTC) - before < timedelta(seconds=10)


@pytest.mark.parametrize(
    "url, reason",
    [
        ("jsons://10.0.0.1/", "inner"),
        ("jsons://[::1]/", "inner"),
        ("mmosts://192.168.1.1/3ccdd113474722377935511fc85d3dd4", "inner"),
        ("jsons://8.8.8.8:8443/", "port"),
        ("json://8.8.8.8/", "scheme"),
        ("mailto://user:pw@example.com", "scheme"),
        ("syslog://", "scheme"),
        ("nonsense", "malformed"),
        ("", "malformed"),
    ],
)
def test_a_chat_on_an_inner_machine_or_that_is_none_is_refused(url: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        chat.check(url, allow_insecure=False, look_up=names())
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "url",
    [
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#sales",
        "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        "jsons://8.8.8.8/room",
        "discord://123456789012345678/abcdefghijklmnopqrstuvwxyz",
    ],
)
def test_a_chat_is_known_by_its_address_and_shown_without_its_secret(url: str) -> None:
    chat.check(url, allow_insecure=False, look_up=names())
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in chat.masked(url)
    assert "abcdefghijklmnopqrstuvwxyz" not in chat.masked(url)


def test_a_redirect_of_a_chat_is_not_followed_and_another_address_of_its_name_is_not_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with listening() as receiver, listening() as other:
        receiver.status, receiver.answer_headers = 307, {"Location": other.url}
        with pytest.raises(chat.ChatFailed):
            chat.say(url=f"json://127.0.0.1:{receiver.port}/", title="a", body="b", allow_insecure=True)
        assert (len(receiver.calls), other.calls) == (1, [])

        # The name was public when it was checked, and is ours when it is connected to.
        monkeypatch.setattr(chat, "check", lambda url, **options: None)
        with pytest.raises((chat.ChatFailed, Refused)):
            chat.say(url=f"json://127.0.0.1:{other.port}/", title="a", body="b", allow_insecure=False)
        assert other.calls == []
