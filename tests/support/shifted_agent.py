"""The counting agent with a clock that is wrong: `AGENT_CLOCK_OFF` seconds ahead, or behind."""

import datetime
import os
import runpy

OFF = datetime.timedelta(seconds=float(os.environ["AGENT_CLOCK_OFF"]))
_real = datetime.datetime


class Shifted(_real):
    """The time of a machine whose clock is off."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> "Shifted":
        return cls.fromtimestamp((_real.now(datetime.UTC) + OFF).timestamp(), tz)


if __name__ == "__main__":
    datetime.datetime = Shifted  # type: ignore[misc]
    runpy.run_module("tests.support.counting_agent", run_name="__main__", alter_sys=True)
