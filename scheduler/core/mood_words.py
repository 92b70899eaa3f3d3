"""Words and turns of phrase that tell an order from a wish, a report, a question or a courtesy."""

import re
from typing import Final

from scheduler.core.closing_words import FAREWELL, NO_HURRY, PLEASE, THANKS
from scheduler.core.letters import word_set

NEGATION: Final = word_set(
    """
    nicht nie niemals kein keine keinen keinem keiner keines keinesfalls keineswegs nichts niemand niemandem
    not never don't dont doesn't won't cannot can't cant shouldn't mustn't needn't nothing no nobody neither
    nor without nich ned nee wouldn't couldn't isn't aren't wasn't hasn't haven't didn't nen't
    """
)

NOT: Final = r"nicht|nie|niemals|keinesfalls|auf keinen fall|not|never|by no means"
"""What negates any word or clause before which it stands."""
DO_NOT: Final = r"do ?n[o'’]?t"


HARMLESS: Final = re.compile(
    r"(?i)(?:vergiss|vergessen sie|vergesst) (?:bitte )?nicht|(?:don'?t|do not|never) forget|nicht vergessen|wenn nicht|"
    rf"{NO_HURRY}|if not|why not|warum nicht|not yet \w+|noch nicht \w+(?:te|ene)[nrsm]?\b|nicht \w+(?:te|ene)[nrsm]? |don'?t mind|nicht nur|not only|not sure|nicht sicher|nichts dagegen|"
    r"\b(?:no|nr|nummer|number)\.? ?\d|(?:can'?t|cannot|cant|could ?n[o']t|nicht) (?:find|locate|see)|(?:wenn|falls) (?:\w+ )?(?:nicht|nichts)|\bsonst nichts|nichts weiter|nothing else|kein(?:e|en|er)? anderer?\b|no (?:one|body) else|mehr nicht|das war'?s nicht|nichts (?:vergessen|dabei)|without delay|ohne verzögerung"
)


NICHT_MAL: Final = re.compile(
    r"(?i)^(?:kannst|könntest|würdest|magst|willst|können|könnten|würden) (?:du|sie) (?:mir |uns |das )?nicht (?:mal|kurz|bitte|eben|schnell)\b|^(?:can'?t|couldn'?t|won'?t|wouldn'?t) you\b"
)


ABILITY: Final = re.compile(
    r"(?i)\b(?:eigentlich|überhaupt|ueberhaupt|generell|grundsätzlich|even|actually|in general|generally|normalerweise|theoretisch|denn auch|auch)\b"
)


HABIT: Final = re.compile(
    r"(?i)\b(?:immer|oft|normalerweise|meist(?:ens)?|gewöhnlich|usually|always|often|manchmal|sometimes|jeden (?:tag|montag)|every (?:day|week)|selten|rarely|ever|jemals|selbst|selber|himself|herself|themselves|myself)\b"
)


TELL_HOW: Final = re.compile(
    r"(?i)\b(?:sagen|sag|sage|zeig\w*|erklär\w*|erklaer\w*|verraten|verrat|wissen|weißt|weisst|tell|explain|show|know|beschreib\w*|describe|teach)\b(?: (?:mir|uns|me|us|bitte|mal))*,? (?:wie|warum|wieso|wann|wer|ob|how|why|when|who|if|whether)\b"
)


PAST_TIME: Final = word_set(
    """
    gestern vorgestern vorhin yesterday neulich damals frueher earlier ago letztens almost fast beinahe
    """
)


WISHES: Final = word_set(
    """
    moechte moechten will wollen wuerde wuerden haette haetten muss muessen muesste muessten brauche brauchen
    brauch braeuchte braeuchten bräuchte benoetige benoetigen suche suchen such wuensche wuenschen bitte
    bitten need want like love appreciate request wondering looking ask require hoping wish haett braeucht
    wanna kann koennte could brauchte wollte wollt wolle after wanting needing must should have sollte soll
    darf duerfte gotta koennten sollten
    """
)


WEAK_WISHES: Final = word_set(
    """
    kann koennte could should have sollte soll darf duerfte koennten sollten after like love ask must
    """
)


LIKING: Final = re.compile(
    r"(?i)\b(?:gern|gerne|like|love|appreciate|could (?:do with|use|really use)|can(?:'?t| not)? (?:i|we) have|would be (?:great|good|nice)|have to|has to|got to|dringend|haben|bekommen|kriegen|'d (?:like|love|need|want)|dich bitten|sie bitten|euch bitten|like you)\b"
)


MAYBE_SOME_DAY: Final = re.compile(r"(?i)\b(?:i|we) (?:might|may) (?!as well)")


FUTURE: Final = re.compile(
    r"(?i)\b(?:gonna|used to|about to|is going to|are going to|i'll|we'll|i will|we will|i'm going to|we're going to|i am going to|was going to|were going to|ich werde|wir werden|i plan to|i might|we might|we may|i may)\b"
)


OBLIGATION: Final = word_set(
    """
    muss muessen muesste muessten soll sollen sollte sollten gehoert gehoeren must should needs need wants
    want ought braucht brauchen darf kann koennen duerfen koennte can could fehlt fehlen geht gehen goes go
    moechte benoetigt gebraucht needed required wanted faellig due gewuenscht remains bleibt moege moegen
    waere waeren
    """
)


HAS_TO: Final = re.compile(
    r"(?i)\b(?:has|have|is|are)(?: still| yet)? to\b|\b(?:ist|sind)\b.*\b(?:zu \w+en|\w+zu\w+en)\b|\b(?:wird|werden|is|are)\b.*\b(?:benötigt|benoetigt|gebraucht|gewünscht|erbeten|gebeten|needed|required|wanted|requested)\b"
)


OTHERS_NEED: Final = re.compile(
    r"(?i)\b(?:braucht|brauchen|bräuchte|braeuchte|bräuchten|benötigt|benötigen|benoetigt|wartet|warten|needs|need|wants|want|waiting|asked for|asking for|asks for|fragt nach|bat um|bittet um|hätte|haette|hätten|would like|"
    r"(?:soll(?:te)?|sollen|muss|möchte|moechte|will|should|has to|must|wants to|gets?|ought to).*\b(?:bekommen|kriegen|haben|erhalten|get|have|receive|lesen|see|wissen|know|hear|erfahren)|should (?:get|have|receive|know|be (?:emailed|sent|told|mailed|informed))|(?:gets|bekommt|kriegt|fehlt)|fehlt)\b"
)


ASKS_FOR: Final = re.compile(r"(?i)\b(?:ask(?:s|ed|ing)? for|fragt\b.* nach|fragen\b.* nach|bittet um|bitten um)\b")


WHETHER_WROTE: Final = re.compile(
    r"(?i)\b(?:whether|if|ob)\b.*\b(?:e?mailed|replied|written|wrote|answered|responded|geschrieben|gemailt|geantwortet|gemeldet|zurückgeschrieben|been in touch|got back)\b"
)


FOUND_THERE: Final = re.compile(r"(?i)\b(?:you'?ll find|you will find|findest du|finden sie)\b")


HYPOTHETICAL: Final = re.compile(
    r"(?i)\s*(?:(?:mal )?angenommen|gesetzt den fall|was (?:wäre|passiert),? wenn|what (?:if|happens)|suppos(?:e|ing)|assuming|imagine|hypothetically)\b"
)


CANNOT_FIND: Final = re.compile(
    r"(?i)^(?:ich|wir)\b(?: \w+)? find(?:e|en)?\b.*\b(?:nicht(?: mehr| wieder)?|nirgends|nirgendwo)[ .!]*$|^(?:i|we) (?:just |still )?(?:can'?t|cannot|can not) (?:seem to )?(?:find|locate)\b(?! (?:out|time|words))"
)


OWN_DOING: Final = re.compile(
    r"(?i)\b(?:wants?|needs|wishes|plans|hopes|would like|(?:has|have)|(?:wants?|asks?|asked|told|tells|expects?|would like) (?:(?!the |a |an |it |this |\w+ing )\w+ ){0,2}?(?!\w+ing )\w+) to (?!be\b|go\b|get\b|have\b|reach\b|receive\b|see\b|know\b|hear\b|exist\b|come\b|land\b|read\b|arrive\b)"
)


PRAISE: Final = re.compile(
    r"(?i)\b(?:(?:es |das |it |that )?(?:wäre|wär|waere|waer|would be|'d be|wäre es|wärs|wär's|waers)\b.*\b(?:gut|schön|schoen|toll|super|nett|lieb|prima|klasse|hilfreich|great|good|nice|lovely|helpful|super|perfect|ideal|möglich|moeglich|fein|freundlich|kind|recht|lieber|geholfen|a (?:huge|big|great|real) help|handy|brilliant|wonderful|fantastic|amazing|grand|ace|wunderbar|großartig|spitze|sinnvoll|angebracht|praktisch|ein traum)\b"
    r"|freuen|dankbar|grateful|obliged|indebted|thankful|appreciate|verbunden|be great|be good|be nice|wundering|wondering|hoping|wird zeit|time (?:we|that|you))"
)


ABLE: Final = re.compile(
    r"(?i)^(?:is|ist|was|wäre|would|ginge|geht|gibt|any|wär)\b.*\b(?:possible|möglich|moeglich|chance|way|machbar|you could|you can)\b"
)


COURTESY: Final = re.compile(
    rf"(?i)^(?:(?:{THANKS}|{FAREWELL})\b.*|sorry (?:an|to) (?:alle|all|everyone)\b.*|{PLEASE}|"
    r"(?:viele |liebe |beste |schöne |mit freundlichen )?grüße.*|(?:best |kind )?regards.*|"
    r"(?:hallo|hi|hey|moin|hello|servus|dear|liebe[rs]?|sehr geehrte[rs]?|grüß gott|guten (?:tag|morgen|abend)|good (?:morning|afternoon|evening)|morning|afternoon|evening)\b[^,.!?]{0,40}|ok(?:ay)?|super|prima|perfekt|great|perfect|alright|right|love|sorry|ja|yes|genau)[ .!]*$"
)


SUBJECT_YOU: Final = word_set(
    """
    du sie ihr you u jemand someone somebody
    """
)


OTHERS: Final = word_set(
    """
    er he she they he's she's they're man jeder everyone everybody
    """
)


NECESSARY: Final = re.compile(
    r"(?i)^(?:it |es )?(?:is|ist|wäre|would be|'s) (?:also |also |noch |still )?(?:necessary|nötig|notwendig|erforderlich)\b"
)


IRREAL: Final = re.compile(
    r"(?i)\b(?:sollte|müsste|dürfte|soll|muss|könnte)n?\b.*\b(?:ge\w+(?:t|en)|\w+iert)(?: bekommen| worden)? (?:haben|sein)\b|^(?:ach,? )?hätt(?:e|en)? (?:ich|wir|man)\b(?!.*\bgerne?\b).*\b(?:doch|nur|bloß|bloss)\b.*|\bhätten?\b.*\b(?:können|sollen|müssen|dürfen)\b|\b(?:should|could|would|might)(?:n't)?(?: \w+)? (?:have|'ve) \w+(?:ed|en|nt|t)\b(?! (?:sent|mailed))"
)


SUBJECTLESS: Final = word_set(
    """
    need want wanna gotta brauch brauche braeuchte haette haett moechte
    """
)


LEAVES: Final = frozenset({"lass", "lasst", "lassen", "leave", "keep", "let"})


AS_IS: Final = word_set(
    """
    offen zu open closed alone running on so sein liegen stehen be laufen an bleiben ruhen
    """
)


ASKED_FOR: Final = re.compile(
    r"(?i)\b(?:wird|werden)\b.*\b(?:gebeten|ersucht)\b|\b(?:bitte|bitten|ersuche|erbitte|erbitten) (?:wir |sie |dich |euch |hiermit |höflich |freundlich |herzlich )*um\b|(?<!not )(?<!nicht )\b(?:erbeten|erwünscht|gewünscht|requested)[ .!]*$|^(?:um|erbitte\w*) "
)


PLURALS: Final = word_set(
    """
    mails e-mails emails pdfs termine rechnungen dateien dokumente files documents invoices appointments
    tabellen tables formulare forms webseiten websites programme programs apps
    """
)


GETS: Final = frozenset(
    {"haben", "bekommen", "kriegen", "have", "get", "sehen", "see", "trouble", "bother", "bitten", "ask"}
)


GERMAN_SUBJECTS: Final = frozenset({"ich", "wir", "er", "sie", "du", "man"})


OVER: Final = word_set(
    """
    wurde wurden was were worden been had hatte hatten
    """
)


WAS: Final = word_set(
    """
    wurde wurden was were worden been had hatte hatten habe hab hat haben has i've we've
    """
)


COMPARES: Final = re.compile(
    r"(?i)\b\w+er (?:als|than) (?:jede\w*|alle\w*|any\w*|every\w*|ich|wir|die meisten|most|i|me)\b"
)


MARVELS: Final = re.compile(
    r"(?i)(?:can|could|would) you (?:even |just )?(?:believe|imagine)\b|(?:kannst|könnt|können) (?:du|ihr|sie) (?:dir|euch|sich) (?:das )?vorstellen\b"
)


LETS_ME: Final = re.compile(
    r"(?i)(?:let me|lemme|lass mich|lassen sie mich)\b(?: (?:just|first|quickly|erst|mal|eben|kurz|noch|das|die|den|the|my|a)\b)* "
    r"(?:search|write|send|open|close|start|download|check|fill|book|google|print|look (?:it|that|them)"
    r"|(?:find|look for)\b(?! (?:the|my|our|a|an|\w+['’]s)\b(?! (?:time|way|moment|place|words?|right)\b)(?!.*\b(?:first|myself|then|before)\b)))\b"
)


SHE_DID: Final = re.compile(r"(?i)sie \w+te\b")
STAYS: Final = re.compile(
    r"(?i)(?!.*\b(?:soll\w*|should|must|muss|müss\w*|bitte|please)\b)[^,;:!?]{2,60}? (?:bleibt|bleiben|blieb|blieben"
    r"|stays|remains|stayed|remained|(?:stay|remain)(?= (?:open|closed|shut|locked|as|where|off|on|away)\b)) "
)
"""What tells that something stays as it is: "Die Sauna bleibt bis auf Weiteres zu"."""
