"""The router over the intents that come with the package: compiling their patterns takes long, and it never changes."""

from functools import cache

from scheduler.core.intent_router import IntentRouter


@cache
def the_router() -> IntentRouter:
    """Return the one that all tests of this process share."""
    return IntentRouter.default()
