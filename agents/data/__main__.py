"""`python -m agents.data`: the agent as a program."""

from scheduler.garbage import collecting_nothing

with collecting_nothing():
    from agents.data import KIND
    from agents.runtime.command_line import main

if __name__ == "__main__":
    main(KIND)
