"""The sentences that office intents are learned from: those of `intents.yaml`, and many more beside it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from scheduler.core.intents import Intent, IntentFileError
from scheduler.core.language import normalise
from scheduler.core.strict_yaml import read_strictly

DEFAULT_FILE: Final = Path(__file__).parents[1] / "config" / "intent_examples.yaml"


def examples_of(intents: Iterable[Intent], path: Path = DEFAULT_FILE) -> list[tuple[str, str]]:
    """Return (sentence, name of its intent), each sentence once; intents that are not configured are left out.

    Raises IntentFileError for a file of another form than intent -> locale -> one sentence a line.
    """
    own = list(intents)
    document = read_strictly(path.read_text(encoding="utf-8"))
    found = [(text, one.name) for one in own for texts in one.examples.values() for text in texts]
    try:
        for one in own:
            lines = (line for block in document.get(one.name, {}).values() for line in block.splitlines())
            found += [(line, one.name) for line in lines if line.strip()]
    except AttributeError as error:
        raise IntentFileError(f"{path}: expected intent, then locale, then one sentence a line") from error
    return list({normalise(text): (normalise(text), name) for text, name in found}.values())
