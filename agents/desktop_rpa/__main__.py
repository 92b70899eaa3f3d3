"""`python -m agents.desktop_rpa`: the agent as a program."""

from agents.desktop_rpa import KIND
from agents.runtime.command_line import main

if __name__ == "__main__":
    main(KIND)
