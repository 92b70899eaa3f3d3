"""Robot Framework Browser: Playwright behind a Node process of its own, spoken to over gRPC."""

import itertools
import json
import sys
import tempfile
from pathlib import Path

from robot import run

from bench.web.steps import EXPECTED, FLAGS, serve_form

_SUITE = Path(__file__).parent / "form.robot"


def main(rounds: int, browser: str) -> None:
    url, _ = serve_form()
    with tempfile.TemporaryDirectory() as folder:
        times = Path(folder) / "times"
        settings = {"URL": url, "ROUNDS": rounds, "CHROMIUM": browser, "ARGS": ",".join(FLAGS), "TIMES": times}
        variables = [f"{name}:{value}" for name, value in {**settings, "EXPECTED": EXPECTED}.items()]
        with (Path(folder) / "said").open("w") as said:
            failed = run(str(_SUITE), variable=variables, outputdir=folder, stdout=said, stderr=said)
        if failed:
            raise RuntimeError((Path(folder) / "said").read_text()[-2000:])
        moments = [float(line) * 1000 for line in times.read_text().split()]
    steps = [after - before for before, after in itertools.pairwise(moments)]
    print(json.dumps({"start": steps[0], "rounds": steps[1:]}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
