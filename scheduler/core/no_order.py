"""Why words order nothing: what is decided by is a value; its text is what people are shown."""

from enum import StrEnum


class NoOrder(StrEnum):
    """Why nothing is ordered."""

    NEGATED = "negated"
    """They say that it is not to be done."""
    PATTERN_REFUSES = "negated or a question"
    """A pattern of "unknown" fits them."""
    SAID_ONLY = "surely only said"
    """They have a form that no order has."""
    STATEMENT = "statement"
    OF_OTHERS = "told of others"
    INFORMATION = "told for information"
    REPORTED = "reported"
    PAST = "past"
    FUTURE = "future"
    CONDITIONAL = "conditional"
    MIGHT_BE = "might be"
    QUESTION = "question"
    ABILITY = "question of ability"
    WHETHER = "asked whether to"
    WISH = "wish"
    COURTESY = "courtesy"
    NOT_SEEN = "no order"
    """No order is seen in them."""
    UNCONFIGURED = "an order of which nothing is configured"
    REMARK = "a remark"
    """They stand beside an order."""
    ASKED = "not done unasked"
    """They are understood, and said on a condition, perhaps, or taken back: it is asked about."""
