"""What a process pays until what was learned answers its first request; `python -m bench.cold_start [FOLDER]`: JSON.

With a folder what was learned is kept there, so the second process finds it.
"""

import json
import sys
import time
from pathlib import Path
from typing import Final

_BEGUN: Final = time.process_time()  # Python itself is up

from scheduler.llm.one_thread import one_thread  # noqa: E402 - the clock runs

one_thread()

import psutil  # noqa: E402
import scipy.sparse  # noqa: E402, F401 - libraries, learned with or not
import sklearn.linear_model  # noqa: E402
import sklearn.svm  # noqa: E402, F401

from scheduler.core.intent_router import IntentRouter  # noqa: E402
from scheduler.llm import intent_model, learned_cache, letter_features  # noqa: E402, F401
from scheduler.llm.office_model import OfficeModel, OfficeRequests  # noqa: E402

OFFICE: Final = "Könntest du mir bitte die Rechnung 4711 aus dem Portal holen und an Anna schicken"


def main() -> None:
    imported = time.process_time()
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    OfficeModel(IntentRouter.default().intents, folder).guess(OFFICE)
    OfficeRequests().read(OFFICE)
    answered = time.process_time()
    memory = psutil.Process().memory_info().rss / 2**20
    print(json.dumps({"import_s": imported - _BEGUN, "first_answer_s": answered - imported, "memory_mib": memory}))


if __name__ == "__main__":
    main()
