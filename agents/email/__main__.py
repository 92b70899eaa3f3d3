"""`python -m agents.email`: the agent as a program."""

from agents.email import KIND
from agents.runtime.command_line import main

if __name__ == "__main__":
    main(KIND)
