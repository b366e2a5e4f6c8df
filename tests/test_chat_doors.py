"""The ways into a chat room: plain and over TLS, in one piece and in several, pages of other origins, changed keys.

Promise: bare sockets and frames; each effect is waited for where it shows.
"""

import base64
import os
import socket
import urllib.error
import urllib.request

import pytest

from harness import aws
from harness.chatter import Chatter, Refused
from harness.server import rillcast
from harness.waiting import wait_until

ALL = ["SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER"]


@pytest.fixture(scope="module")
def server(start_server):
    anywhere = "127.0.0.1:0"
    return start_server("--https", anywhere, "--metrics", anywhere, "--chat-origins", "https://good.example")


@pytest.fixture(scope="module")
def chat(server):
    return aws.client(server, service="ivschat")


@pytest.fixture
def room(chat):
    return chat.create_room(maximumMessageRatePerSecond=100)["arn"]


@pytest.fixture
def token(chat, room):
    """Makes tokens for the room."""
    return lambda user="somebody": chat.create_chat_token(roomIdentifier=room, userId=user, capabilities=ALL)["token"]


def test_a_room_is_the_same_over_tls_as_without(server, token):
    plain, secret = Chatter(server, token("a")), Chatter(server, token("b"), secret=True)
    asked = secret.say("hello 🙂")
    assert plain.answer(asked)["Content"] == secret.answer(asked)["Content"] == "hello 🙂"
    secret.ask("DISCONNECT_USER", UserId="b", Reason="rude")
    assert secret.ended() == (1001, "rude")
    assert secret.frames[-1]["EventName"] == "aws:DISCONNECT_USER", "the event came before the end"
    plain.leave()


def test_at_shutdown_no_close_frame_comes_over_either(start_server):
    server = start_server("--https", "127.0.0.1:0")
    chat = aws.client(server, service="ivschat")
    room = chat.create_room()["arn"]
    make = lambda user: chat.create_chat_token(roomIdentifier=room, userId=user)["token"]  # noqa: E731
    both = [Chatter(server, make("a")), Chatter(server, make("b"), secret=True)]
    server.terminate()
    assert [one.ended() for one in both] == [(None, None)] * 2
    assert server.ended(20) == 0


def handshake(token: str, **more: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "keep-alive, Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Protocol": token,
    } | more
    return ("GET / HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items()) + "\r\n").encode()


def answer_to(server, *pieces: bytes) -> tuple[int, bytes]:
    """The status and the text of the answer; each piece leaves when the server has read the one before."""
    host, port = server.bound["http"].split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            line.sendall(piece)
            wait_until(lambda: unread(line) == 0, "the server to read", every=0.01)
        head = b""
        while b"\r\n\r\n" not in head:
            more = line.recv(4096)
            assert more, f"the answer broke off: {head!r}"
            head += more
        return int(head.split()[1]), head.split(b"\r\n\r\n", 1)[1]


def unread(line: socket.socket) -> int:
    """Bytes that the other end of a local connection has not acknowledged (SIOCOUTQ)."""
    import array
    import fcntl
    import termios

    count = array.array("i", [0])
    fcntl.ioctl(line, termios.TIOCOUTQ, count)
    return count[0]


def test_a_handshake_in_pieces_is_answered_as_one_that_comes_whole(server, token):
    good = handshake(token())
    assert answer_to(server, good[:40], good[40:200], good[200:])[0] == 101
    assert answer_to(server, handshake(token()))[0] == 101
    for bad in (handshake("nonsense"), handshake(token(), **{"Sec-WebSocket-Version": "8"}), handshake("")):
        whole, pieces = answer_to(server, bad), answer_to(server, bad[:30], bad[30:])
        assert whole == pieces and whole[0] in (400, 401, 426) and whole[1]


def test_what_a_client_sends_behind_its_handshake_is_heard(server, token):
    mask = b"\x00\x00\x00\x00"
    text = b'{"Action":"SEND_MESSAGE","RequestId":"early","Content":"x"}'
    frame = b"\x81" + bytes([0x80 | len(text)]) + mask + text
    witness = Chatter(server, token("witness"))
    host, port = server.bound["http"].split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(handshake(token("early")) + frame)
        assert witness.answer("early")["Sender"]["UserId"] == "early"
    witness.leave()


def test_pages_of_other_origins_stay_outside(server, token):
    Chatter(server, token(), origin="https://good.example").leave()
    with pytest.raises(Refused) as refused:
        Chatter(server, token(), origin="https://evil.example")
    assert refused.value.status == 403
    Chatter(server, token()).leave()


def test_a_new_key_ends_no_connection_and_a_revoked_one_opens_none(start_server):
    server = start_server()
    chat = aws.client(server, service="ivschat")
    room = chat.create_room(maximumMessageRatePerSecond=100)["arn"]

    def token(user: str) -> str:
        return chat.create_chat_token(roomIdentifier=room, userId=user, capabilities=ALL)["token"]

    here, kept, lost = Chatter(server, token("here")), token("kept"), token("lost")
    assert server.command("chat", "rotate-key").returncode == 0
    Chatter(server, kept).leave()
    said = server.command("chat", "rotate-key", "--revoke")
    assert said.returncode == 0 and "older keys are gone" in said.stdout, said
    assert here.answer(here.say("still here"))["Content"] == "still here"

    def fresh_ones_open() -> bool:
        try:
            Chatter(server, token("fresh")).leave()
        except Refused:
            return False
        return True

    wait_until(fresh_ones_open, "tokens of the new key to open connections")
    assert here.is_here()
    here.leave()
    # A running server forgets revoked keys within minutes; one that starts afterwards never knew them.
    server.stop()
    server.start()
    with pytest.raises(Refused) as refused:
        Chatter(server, lost)
    assert refused.value.status == 401


def test_the_metrics_listener_counts_who_is_here_and_knows_one_page(server, token):
    one = Chatter(server, token())

    def page(path: str) -> str:
        with urllib.request.urlopen(f"http://{server.bound['metrics']}{path}", timeout=20) as answer:
            return answer.read().decode()

    wait_until(lambda: "ivschat_concurrent_chat_connections 1\n" in page("/metrics"), "the count")
    with pytest.raises(urllib.error.HTTPError) as refused:
        page("/")
    assert refused.value.code == 404
    one.leave()
    wait_until(lambda: "ivschat_concurrent_chat_connections 0\n" in page("/metrics"), "the count")


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--nats", "nats://localhost"], "set `database` too"),
        (["--nats", "redis://secret@localhost"], "nats://"),
        (["--chat-flush-ms", "101"], "a whole number from 0 to 100"),
        (["--chat-engine", "fast"], "auto, uring or epoll"),
        (["--chat-origins", "example.com"], "http:// or https://"),
        (["--aws-access-key", "AKIA"], "`aws_secret_key`"),
    ],
)
def test_a_setting_that_cannot_be_is_named(tmp_path, flags, told):
    refused = rillcast("config", "check", *flags, cwd=tmp_path)
    assert refused.returncode == 2 and told in refused.stderr, refused.stderr
    assert "secret@" not in refused.stderr
