"""A head is passed on so that the other end sees the request that was judged, and no message runs into the next."""

import pytest

from scheduler.executors.http_head import BadHeadError, RequestHead, ResponseHead


def request(*lines: str) -> RequestHead:
    return RequestHead.parse("\r\n".join([*lines, "", ""]).encode())


def test_a_request_goes_to_the_host_of_its_address() -> None:
    head = request(
        "GET http://Portal.test:81/a?b=%20#c HTTP/1.1",
        "Host: elsewhere.test",
        "Proxy-Connection: keep-alive",
        "Connection: keep-alive, X-Odd",
        "X-Odd: 1",
        "Cookie: a=b",
    )

    assert (head.host, head.port, head.tunnel, head.length) == ("portal.test", 81, False, 0)
    assert head.rewritten() == (
        b"GET /a?b=%20 HTTP/1.1\r\nHost: portal.test:81\r\nConnection: close\r\ncookie: a=b\r\n\r\n"
    )
    assert head.rewritten(b"Basic eA==", whole=True).startswith(
        b"GET http://portal.test:81/a?b=%20 HTTP/1.1\r\nHost: portal.test:81\r\n"
        b"Connection: close\r\nProxy-Authorization: Basic eA==\r\n"
    )


def test_a_tunnel_names_host_and_port() -> None:
    head = request("CONNECT [::1]:443 HTTP/1.1", "Host: [::1]:443")

    assert (head.host, head.port, head.tunnel) == ("::1", 443, True)


@pytest.mark.parametrize(
    "lines",
    [
        ("GET / HTTP/1.1", "Host: portal.test"),
        ("GET https://portal.test/ HTTP/1.1",),
        ("GET ftp://portal.test/ HTTP/1.1",),
        ("GET http://portal.test/ HTTP/2",),
        ("GET  http://portal.test/ HTTP/1.1",),
        ("CONNECT portal.test HTTP/1.1",),
        ("CONNECT portal.test:x HTTP/1.1",),
        ("POST http://portal.test/ HTTP/1.1", "Transfer-Encoding: chunked"),
        ("POST http://portal.test/ HTTP/1.1", "Content-Length: 1", "Content-Length: 2"),
        ("POST http://portal.test/ HTTP/1.1", "Content-Length: -1"),
        ("GET http://portal.test/ HTTP/1.1", "no colon"),
        ("GET http://portal.test/ HTTP/1.1", "Spaced : 1"),
        ("GET http://portal.test/ HTTP/1.1", "Split: 1\nHost: elsewhere.test"),
    ],
)
def test_what_is_unclear_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(BadHeadError):
        request(*lines)


@pytest.mark.parametrize(
    ("raw", "length", "interim"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nKeep-Alive: x", 7, False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 7", None, False),
        (b"HTTP/1.0 200", None, False),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7", 0, False),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x", 0, True),
    ],
)
def test_an_answer_ends_where_its_head_says(raw: bytes, length: int | None, *, interim: bool) -> None:
    head = ResponseHead.parse(raw + b"\r\n\r\n")

    assert (head.length, head.interim) == (length, interim)
    assert (b"Connection: close" in head.rewritten()) is not interim
    assert b"keep-alive" not in head.rewritten()
