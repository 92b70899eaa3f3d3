"""`python -m scheduler.cli` is the same as `cpa`."""

from scheduler.cli.app import main

main()
