"""The command line: `cpa`."""

from scheduler.cli.app import main

__all__ = ["main"]
