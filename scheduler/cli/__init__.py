"""The command line: `cpa`."""

from scheduler.garbage import collecting_nothing

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    with collecting_nothing():
        from scheduler.cli.app import app  # noqa: PLC0415 - nothing is collected meanwhile
    app()
