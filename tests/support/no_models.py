"""No test asks a model beyond this machine by mistake: scripts and servers on loopback answer, and no key is at hand.

A test that is meant to is marked `asks_models`, and has the settings of whoever runs it.
"""

import os
from collections.abc import MutableMapping

import pytest

from scheduler.llm.permission import Permission

_OF_MODELS = ("CPA_LLM_", "CPA_OPENAI_", "OPENAI_")
_HELD_BACK = "HELD_BACK_FROM_TESTS_"


def hold_back(environment: MutableMapping[str, str] = os.environ) -> None:
    """Rename what names a model or a key, for this process and those it starts."""
    for name in [name for name in environment if name.upper().startswith(_OF_MODELS)]:
        environment[_HELD_BACK + name] = environment.pop(name)


@pytest.fixture(autouse=True)
def models_only_where_marked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("asks_models") is None:
        monkeypatch.setattr(Permission, "granted", False)
        return
    for name, value in os.environ.items():
        if name.startswith(_HELD_BACK):
            monkeypatch.setenv(name.removeprefix(_HELD_BACK), value)
