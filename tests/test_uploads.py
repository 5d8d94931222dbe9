"""Sending too much: refused early, with a sentence, and nothing of it is left anywhere."""

import socket

import pytest

from portal.uploads import LISTEN_UP_TO, MAX_BODY

BOUNDARY = b"7MA4YWxkTrZu0gW"
START = (
    b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="photos"; filename="leg.jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n"
)


@pytest.fixture
def temporary(settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    return tmp_path


def send(live_server, length, sent, path="/search/"):
    """What the server says to a form of that length, of which so much arrives."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n"
    head += f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}\r\n\r\n"
    with socket.create_connection((live_server.thread.host, live_server.thread.port), timeout=20) as connection:
        connection.sendall(head.encode() + START)
        chunk, left = bytes(1024 * 1024), sent - len(START)
        while left > 0:
            connection.sendall(chunk[:left])
            left -= len(chunk)
        said = b""
        while b"</html>" not in said and (more := connection.recv(65536)):
            said += more
        return said.decode()


def test_a_body_of_100_megabytes_is_refused_with_a_sentence(live_server, temporary):
    said = send(live_server, 100_000_000, 100_000_000)
    assert said.startswith("HTTP/1.1 413 ")
    assert "fewer or smaller photos" in said
    assert "Content-Security-Policy" in said
    assert not list(temporary.iterdir())


def test_who_would_send_for_hours_is_answered_at_once(live_server, temporary):
    assert send(live_server, LISTEN_UP_TO + 1, 1000).startswith("HTTP/1.1 413 ")
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("length", [MAX_BODY, 20_000_000])
def test_what_is_within_the_limit_is_read_and_leaves_nothing_behind(live_server, temporary, length):
    said = send(live_server, length, length)
    assert said.startswith("HTTP/1.1 403 ")  # it came so far that its missing token was noticed
    assert not list(temporary.iterdir())


@pytest.mark.django_db
def test_a_length_that_is_none_is_no_crash(client):
    for length in ("", "many", "-5", "²"):
        assert client.get("/robots.txt", CONTENT_LENGTH=length).status_code == 200
