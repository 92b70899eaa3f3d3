"""`python -m scheduler.cli` is the same as `cpa`."""

from scheduler.cli import main

main()
