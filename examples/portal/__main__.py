"""Starts the portal by itself (`python -m examples.portal --port 0`) and prints its address."""

import argparse
import os
import secrets
import signal
from threading import Event

from examples.portal.server import PortalServer


def main() -> None:
    """Serve until SIGINT or SIGTERM. Without a password one is made up and printed."""
    options = _options()
    password = options.password or secrets.token_urlsafe(9)
    stopped = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with PortalServer({options.user: password}, port=options.port) as portal:
        print(f"Lieferantenportal: {portal.url}", flush=True)
        if not options.password:
            print(f"Benutzername: {options.user}  Passwort: {password}", flush=True)
        stopped.wait()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.portal", description="An example supplier portal.")
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one (default: 8080)")
    parser.add_argument("--user", default=os.environ.get("PORTAL_USERNAME", "demo"), help="or PORTAL_USERNAME")
    parser.add_argument("--password", default=os.environ.get("PORTAL_PASSWORD"), help="or PORTAL_PASSWORD")
    return parser.parse_args()


if __name__ == "__main__":
    main()
