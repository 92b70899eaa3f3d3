"""`python -m tests.simulation SEED` tells one history; without SEED it lives through many and counts what they met."""

import argparse
import sys
import time

from tests.simulation.coverage import Coverage, replay


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", help="tell the history of this seed")
    parser.add_argument("-n", type=int, default=2000, metavar="N", help="without a seed: how many histories")
    given = parser.parse_args()
    if given.seed is not None:
        return 0 if replay(given.seed) else 1
    coverage, begun = Coverage(), time.process_time()
    coverage.live(range(given.n))
    print(coverage.table())  # noqa: T201
    print(f"{given.n} histories in {time.process_time() - begun:.1f} s of CPU, no violation")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
