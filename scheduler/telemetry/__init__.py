"""How the service tells what it is doing."""
