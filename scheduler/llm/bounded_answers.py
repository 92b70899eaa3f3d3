"""Keeps what a server of models sends within bounds, so that a call ends in time whatever comes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

LONGEST_ANSWER: Final = 1024 * 1024
"""Bytes: thirty thousand words with all that stands around them."""
LONGEST_STREAM: Final = 16 * 1024 * 1024
LONGEST_EVENT: Final = 64 * 1024
"""Bytes of one piece of a stream; reading one takes time that grows with its square."""
_EVENTS: Final = "text/event-stream"
_LINES: Final = "application/x-ndjson"
_ENDS: Final = (b"\n\n", b"\r\r", b"\r\n\r\n")
"""Blank lines, which end events."""
_LONGEST_END: Final = max(map(len, _ENDS))


class BoundedStream:
    """The bytes of an answer, which end with an error where they are too many.

    It is combined with the byte stream of an HTTP library, for which it stands.
    """

    def __init__(self, inner: Any, kind: str) -> None:  # noqa: ANN401 - a stream of either library
        """`kind` is the media type: of events, each has its bound, too."""
        self._inner = inner
        self._of_events = kind.startswith(_EVENTS)
        self._most = LONGEST_STREAM if kind.startswith((_EVENTS, _LINES)) else LONGEST_ANSWER

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = of_event = 0
        seen = b""
        async for part in self._inner:
            read += len(part)
            if self._of_events:
                seen = seen[1 - _LONGEST_END :] + part  # an end may come in two parts
                end = max(map(seen.rfind, _ENDS))
                of_event = of_event + len(part) if end < 0 else len(seen) - end
            if read > self._most or of_event > LONGEST_EVENT:
                raise ValueError(f"it is longer than {self._most if read > self._most else LONGEST_EVENT} bytes")
            yield part

    async def aclose(self) -> None:
        """Close the stream behind."""
        await self._inner.aclose()


def bounding(stream: type[BoundedStream]) -> Callable[[Any], Awaitable[None]]:
    """Return what bounds each answer that a client gets: a hook for answers of the library that `stream` is made for.

    What is compressed though nobody asked for that may be of any length, so it is not read: ValueError.
    """

    async def bound(answer: Any) -> None:  # noqa: ANN401 - an answer of either library
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            raise ValueError("it is compressed, which nobody asked for")
        answer.stream = stream(answer.stream, answer.headers.get("content-type", ""))

    return bound
