"""`python -m agents.web`: the agent as a program."""

from agents.runtime.command_line import main
from agents.web import KIND

if __name__ == "__main__":
    main(KIND)
