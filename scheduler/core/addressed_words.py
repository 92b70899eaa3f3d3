"""The words that tell whom a piece of a message is addressed to, and what somebody does, wants or only tells."""

import re
from typing import Final

from scheduler.core.letters import word_set
from scheduler.core.word_kinds import I_WE

RELATIVES: Final = word_set(
    """
    der die das den dem denen deren dessen was wo wer which who that whose where what wie how woraufhin wobei
    wodurch weshalb
    weswegen worueber womit wofuer wogegen worauf
    """
)
CONTENT: Final = word_set("dass daß ob whether")
ENGLISH_RELATIVES: Final = word_set("which who that whose where")
YOU: Final = word_set("du dir dich dein deine deinen deinem deiner euch you your yours u ya yer ye cpa")
POLITE: Final = frozenset({"Sie", "Ihnen", "Ihr", "Ihre", "Ihren", "Ihrem", "Ihrer"})
PLEASE: Final = word_set("bitte please pls plz plse kindly bittschoen bitteschoen")
MARVELS: Final = r"(?! (?:believe|imagine|know|credit|adam)\b)"
ASKS_YOU: Final = re.compile(
    rf"(?i)\b(?:(?:can|could|would|will|won['’]?t|can['’]?t|couldn['’]?t|wouldn['’]?t) (?:you|u|ya|ye)\b{MARVELS}"
    r"|(?:kannst|könntest|koenntest|würdest|wuerdest|magst|willst|kannste|könnteste|würdste)\b"
    r"|(?:könnten|koennten|können|koennen|würden|wuerden|wären|waeren|hätten|haetten|seien|mögen|möchten) sie\b"
    r"|sei so (?:gut|nett|lieb|freundlich)\b|if you(?:['’]d| would| could)\b)"
)
EXCUSES: Final = re.compile(
    r"(?i)(?:bitte |please )?(?:entschuldig\w*|verzeih\w*|excuse|forgive|pardon|sorry)\b"
    r"|(?:thank (?:god|heavens?|goodness|the lord)|thanks be|bless (?:her|him|them|me)|mind you|don['’]?t ask"
    r"|would you believe"
    r"|believe (?:it|me)|wei(?:ß|ss)t (?:du|ja)|you know|glaub mir|stell dir vor|imagine)\b"
)
"""What begins like an order and is said to nobody: "verzeihen Sie", "thank heavens", "weißt du"."""
WISHES: Final = re.compile(
    r"(?i)\b(?:brauch\w*|bräuch\w*|braeucht\w*|benötig\w*|möcht\w*|moecht\w*|hätt\w*|haett\w*|wünsch\w*|wüsst\w*"
    r"|fänd\w*"
    r"|wär\w*|waer\w*|ersuch\w*|erbitt\w*|need\w*|(?:['’]d|would)(?: \w+)? (?:like|love)|wish\w*|appreciate"
    r"|grateful|glad|happy|obliged|delighted"
    r"|required?|wants? (?:\w+ing|\w+ed)|to be \w+(?:ed|en|t)|mislaid|misplaced|(?:can['’]?t|cannot|nicht|nimmer"
    r"|nirgends) (?:find|locate)\w*"
    r"|find\w* (?:.*\b)?(?:nicht|nimmer|nirgends|nix)|(?:i|we)(?:['’]d)?(?: \w+)? want|wanna|gerne?|(?:ich"
    r"|wir) (?:will|wollen|wollte|wollten)|(?:will|wollte|wollten|wollen) (?:ich|wir)"
    r"|(?:ich|wir) such\w*|looking for|hoffe\w*|hop(?:e|ing)|wonder\w*|fehlt|fehlen|could (?:do with|use))\b"
)
OBLIGES: Final = re.compile(
    r"(?i)\b(?:muss|müss\w*|muess\w*|soll\w*|gehör(?:t|en) (?:\w+ )?(?:in|an|zu|auf|raus|weg)|must|should|shall|ought"
    r"|(?:has|have|is|are) to|due|fällig)\b"
)
IS_DONE: Final = re.compile(
    r"(?i)\b(?:gets?|is to be|are to be) (?:\w+ed|sent|put|written|shut)\b|\b(?:wird|werden)\b.*\w(?:t|en)$"
    r"|\b(?:ist|sind)\b.*\b(?:zu \w+en|\w+zu\w+en)$|\b(?:geht|gehen|goes|go) (?:\w+ )?(?:an|to)\b"
)
"""What says of a thing of ours what is done with it: "the report gets sent to Tom", "der Bericht geht an Tom"."""
OF_OURS: Final = frozenset(
    {
        *(
            "send",
            "forward",
            "attach",
            "reply",
            "find",
            "convert",
            "enter",
            "save",
            "start",
            "open",
            "fetch",
            "extract",
        ),
        *("download", "invite", "close", "lookup", "fill", "make", "put", "write", "tell", "print", "show"),
    }
)
"""Senses of verbs for what we may be asked to do."""
SENDS: Final = frozenset({"send", "forward", "reply"})
WANTS: Final = re.compile(r"(?i)\b(?:wants?|wollen|will|möchten?)\b")
ASKS_FOR: Final = re.compile(r"(?i)\b(?:verlangt|bittet|bat|gebeten|demands?|(?:asked|asks|asking) for|fragt nach)\b")
GETS: Final = word_set("kriegt kriegen bekommt bekommen gets get goes go geht gehen kommt")
BY_MAIL: Final = re.compile(r"(?i)\b(?:per|by|via) (?:e-?)?mail\b")
INTO: Final = re.compile(r"(?i)\b(?:diary|calendar|kalender|inbox|postfach|gemailt|geschickt|e?-?mail)\b")
DOES: Final = re.compile(
    r"(?i)\b(?:i|we|ich|wir)(?:['’]d| would| just| nur)* (?:want(?:ed)?|like|love|will|wollte?|möchte) (?:to\b"
    r"|\w+en\b)"
)
NOT_WANTED: Final = re.compile(r"(?i)\b(?:did|do|does)(?:n['’]?t| not) (?:want|need|like)\b")
MEANWHILE: Final = re.compile(
    r"(?i)\b(?:derweil\w*|inzwischen|unterdessen|so ?lange?|währenddessen|meanwhile|in the meantime|selbst|selber"
    r"|(?:my|me)self)\b"
)
"""What says, said of "ich", that somebody does something himself while an order is done."""
LOOKS: Final = re.compile(
    r"(?i)\b(?:i|we|ich|wir)(?:['’]d| would| just| nur)* (?:want|like|love|will|wollte?|möchte) (?:to |nur |mal "
    r"|kurz |gleich )*"
    r"(?:see|know|check|gucken|kucken|schauen|sehen|wissen)\b,?(?: ?$| (?:what|which|who|how|if|whether|why|ob"
    r"|was|wie|wer|welche\w*)\b)"
)
"""What somebody wants an order for: "I'd like to see what we agreed to"."""
LEFT_OUT: Final = word_set("hab habe bin war hatte got had been was am just will")
"""How a report begins whose "ich" is left out."""
SOMEBODY: Final = word_set("mia er he she man they himself") | I_WE
OTHERS: Final = SOMEBODY | {"sie"}
THAT: Final = word_set("it es das")
FORMAT: Final = re.compile(r"(?i)\b(?:pdf|csv|xlsx?|json|excel|word)\b")
IRREAL: Final = re.compile(
    r"(?i)^(?!.*\bgerne?\b).*(?:\bhätt\w* .*\b(?:ge\w+(?:t|en)|\w+iert)\b|\b(?:\w*ge\w+(?:t|en)|\w+iert"
    r"|ver\w+(?:t|en)) hätt\w*)"
)
"""What did not happen: "er hätte es gemeldet", "was ich nie versprochen hätte"."""
ICH: Final = word_set("ich i")
PRONOUNS: Final = I_WE | word_set("he she they it er es man mia who wer that's there's there")
NEXT: Final = word_set("dann danach anschliessend zuletzt then next afterwards finally second also plus")
TOO: Final = word_set("auch too also ebenfalls")
OURS: Final = ("document", "application", "portal", "mail", "form", "table", "appointment", "folder")
THING_KINDS: Final = frozenset({"file", "url", "address", "quoted"})
SHORT_SUBJECT: Final = 3
PLURAL_DE: Final = word_set("zwei drei vier viele alle beide wir sie die einige manche")
HAS: Final = word_set("hat haben has have hab")
I_DO: Final = word_set("tu tue tut tun mach mache macht")
WILL: Final = word_set(
    "will can could would might must shall may should to muss werde kann will soll moechte darf werden"
)
ALIKE: Final = word_set("put shut read set let cut quit hit")
"""English verbs whose past looks like their order."""
ASKING: Final = word_set("mal bitte")
SHORTEST: Final = 3
LISTED: Final = 2
BASES: Final = frozenset({"VVB", "VHB", "VDB", "VHI", "VVI"})
"""Parts of speech of English verbs as orders have them."""
