"""The words that end a request, soften it or give it time, and order nothing: "danke", "lg", "that's all", "no rush".

Each stands here once. What a reader does with them is its own: a line of them ends a list, they are no part of a name.
"""

from typing import Final

from scheduler.core.letters import word_set

PLEASE: Final = "bitte|please|pls|plz|kindly"
THANKS: Final = (
    r"(?:(?:vielen|besten|herzlichen|lieben|schon ?mal|danke|many|tausend) )*"
    r"(?:dank\w*|vergelt['’]?s gott|thanks|thank (?:you|u)|thx|ty|ta|cheers|merci)"
)
FAREWELL: Final = r"mfg|lg|vg|bg|gr(?:u|ü)(?:ß|ss)e?"
"""How a mail of a few words is signed; the longer ones stand on lines of their own."""
NO_HURRY: Final = (
    r"k(?:ein|eine|einen) (?:eile|hektik|stress|problem)|(?:das |es )?eilt nicht"
    r"|nicht (?:so )?(?:schlimm|dringend|wichtig|eilig)|no (?:rush|hurry|problem|worries)|not (?:urgent|important)"
)
ALL_SAID: Final = (
    r"das (?:ist|war|wär\w*)['’]?s?(?: es)?(?: auch)?(?: schon)?(?: (?:alles|für heute|erst(?: ?mal)?|(?:dann )?auch))?"
    r"(?=[\s,.!]*$|[,.!]| (?:danke|bitte|für|fürs|erst|soweit|von))"
    r"|that['’]?s (?:all|it|everything)(?: for (?:now|today))?"
    r"|mehr (?:ist es )?nicht|sonst nichts|nichts (?:weiter|mehr)"
    r"|nothing (?:else|more|further)|no more"
)
IF_IT_SUITS: Final = (
    r"if (?:you|u) (?:do(?:n['’]?t| not)|wouldn['’]?t) mind|if (?:you|u) (?:would|could|can)"
    r"|if (?:that|it)['’]?s (?:ok(?:ay)?|all ?right|fine|possible|no trouble|not too much trouble)|if possible"
    r"|(?:wenn|falls|sofern) ?['’]?(?:es|s|das|du|sie)?(?: (?:dir|ihnen|euch))?"
    r" (?:(?:bitte|nichts|keine \w+|recht|so lieb|so nett|kurz) )*"
    r"(?:geht|ginge|möglich(?: ist)?|ausmacht|ausmachen|macht|ist|passt|magst|kannst|könntest|bist|wärst)"
    r"|(?:wenn|falls) möglich"
)
"""Conditions out of courtesy behind an order."""

PLEASE_WORDS: Final = word_set("bitte please pls plz kindly")
THANKS_WORDS: Final = word_set("danke dank thanks thank thx ty ta cheers merci")
FAREWELL_WORDS: Final = word_set(
    "liebe lieber liebes viele schoene beste herzliche mit freundlichen gruesse gruss lg vg mfg bg regards kind best"
)
