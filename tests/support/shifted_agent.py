"""The counting agent with a clock that is wrong; nothing that tells the time may have been imported before."""

import datetime
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_real = datetime.datetime


def live(off: float, effects: Path, arguments: Sequence[str], variables: Mapping[str, str], log: Path) -> None:
    """The body of the process: that of the counting agent, on a machine whose clock is `off` seconds ahead."""

    class Shifted(_real):
        """The time of that machine."""

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Shifted":
            return cls.fromtimestamp((_real.now(datetime.UTC) + datetime.timedelta(seconds=off)).timestamp(), tz)

    datetime.datetime = Shifted  # type: ignore[misc]
    assert not any(name.startswith("scheduler") for name in sys.modules), "what has the clock already keeps it"
    from tests.support import counting_agent  # noqa: PLC0415 - it takes the clock that it finds

    counting_agent.live(effects, arguments, variables, log)
