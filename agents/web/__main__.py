"""`python -m agents.web`: the agent as a program."""

from scheduler.garbage import collecting_nothing

with collecting_nothing():
    from agents.runtime.command_line import main
    from agents.web import KIND

if __name__ == "__main__":
    main(KIND)
