"""What a process pays until what comes with CPA answers its first request; `python -m bench.cold_start`: JSON.

Modules that only learn import scikit-learn; a process that is given what was learned never does, so this one must not.
"""

import json
import sys
import time
from typing import Final

_BEGUN: Final = time.process_time()  # Python itself is up

from scheduler.llm.one_thread import one_thread  # noqa: E402 - the clock runs

one_thread()

import psutil  # noqa: E402

from scheduler.core.intent_router import IntentRouter  # noqa: E402
from scheduler.llm.office_model import OfficeModel, OfficeRequests  # noqa: E402

OFFICE: Final = "Könntest du mir bitte die Rechnung 4711 aus dem Portal holen und an Anna schicken"


def main() -> None:
    imported = time.process_time()
    OfficeModel(IntentRouter.default().intents).guess(OFFICE)
    OfficeRequests().read(OFFICE)
    answered = time.process_time()
    memory = psutil.Process().memory_info().rss / 2**20
    if "sklearn" in sys.modules:
        raise SystemExit("what was shipped is old and was learned anew: run `make vectors`")
    print(json.dumps({"import_s": imported - _BEGUN, "first_answer_s": answered - imported, "memory_mib": memory}))


if __name__ == "__main__":
    main()
