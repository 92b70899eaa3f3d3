"""Finds the days, times, lengths of time and amounts of money in a request, each as one stretch of its words."""

import functools
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from scheduler.core.calendar_words import MONTH, SHORT_MONTH, WEEKDAY
from scheduler.core.letters import word_set
from scheduler.core.money_words import CODE_BEFORE, NAME, SHORT_TIMES, SIGN, TIMES, UNIT
from scheduler.core.number_words import SAID_NUMBERS

_DAY_NAME: Final = rf"{WEEKDAY}s?"
_SHORT_DAY: Final = r"(?:(?-i:Mo|Di|Mi|Do|Fr|Sa|So|mo|di|fr|sa)\.?(?=,? (?:den |der )?\d)|(?<!you )(?<!we )(?<!i )(?<!to )(?<!they )(?<!can )(?<!please )(?:do|mi)(?=,? \d{1,2}[:.]\d\d\b)|(?<=\bam )(?-i:Mo|Di|Mi|Do|Fr|Sa|So)(?:\.|\b)|(?:mon|tues?|weds?|thu(?:rs?)?|fri)\b|sat(?=,? (?:the )?\d)|sun(?=,? (?:the )?\d)|(?:(?<=\bfor )|(?<=\bon )|(?<=, ))(?:sat|sun)(?=[,.]|$| at\b| \d))"
_PART: Final = r"(?:,? (?:früh|frueh|vormittag|nachmittag|mittag|abend|morning|afternoon|evening|night|nacht)s?\b)?"
_GERMAN_WHICH: Final = (
    r"(?:diese|nächste|naechste|kommende|letzte|vorige|vergangene|jede|folgende|übernächste|uebernaechste)[nrms]?"
)
_WHICH: Final = rf"(?:{_GERMAN_WHICH}|this coming|this|next|coming|last|past|every|each)"
_COUNT: Final = r"(?:\d+|ein(?:e[rnm]?)?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|vierzehn|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|(?:a )?couple of|few|(?:ein )?paar)"
_SPAN: Final = r"(?:stunden?|hours?|wochenende|wochen?|monate?[ns]?|jahre?[ns]?|quartale?s?|tage?n?|weekend|weeks?|months?|years?|quarters?|days?|fortnight)"
_GERMAN_NTH: Final = (
    r"(?:(?:erste|zweite|dritte|vierte|fünfte|sechste|siebte|siebente|achte|neunte|zehnte|elfte|zwölfte"
    r"|(?:drei|vier|fünf|sech|sieb|acht|neun)zehnte"
    r"|(?:(?:ein|zwei|drei|vier|fünf|sechs|sieben|acht|neun)und)?(?:zwanzigste|dreißigste))[nr]?)"
)
_NTH: Final = (
    rf"(?:{_GERMAN_NTH}"
    r"|(?:twenty|thirty)[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|first|second|third|fourth|fifth|sixth|seventh|eighth"
    r"|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth)"
)
_BEFORE_NTH: Final = (
    r"(?:(?<=\bam )|(?<=\bvom )|(?<=\bzum )|(?<=\bbis )|(?<=\bon the )|(?<=\bby the )|(?<=\bfrom the ))"
)
_CALENDAR: Final = (
    rf"(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}\. ?\d{{1,2}}\.(?: ?(?:20\d\d|\d\d\b(?![.:]?\d| ?uhr)))?"
    rf"|\d{{1,2}}(?:\.|st|nd|rd|th)?(?: of)? ?(?:{MONTH}|{SHORT_MONTH})\b(?:,? 20\d\d)?"
    rf"|(?:{_NTH} of|{_GERMAN_NTH}|{_BEFORE_NTH}{_NTH}) {MONTH}\b(?:,? 20\d\d)?"
    rf"|{_BEFORE_NTH}{_NTH}(?=[,.!?]|$| (?:um|ab|gegen|mit|zum|beim|bei|wegen|at|with|about|for|re)\b| (?:von|from) \d)"
    rf"|(?:{MONTH}|{SHORT_MONTH}) \d{{1,2}}(?:st|nd|rd|th)?\b(?![:.]\d)(?:,? 20\d\d)?"
    rf"|\d{{1,2}}(?:st|nd|rd|th)\b(?: of (?:this|next) month)?|\d{{1,2}}\.?(?:ten|te)\b|\d{{1,2}}\. ?(?-i:I{{1,3}}|IV|VI{{0,3}}|IX|XI{{0,2}})\.|\d{{1,2}}/\d{{1,2}}/(?:20)?\d\d)"
)
_WEEKDAY: Final = (
    rf"(?:{_WHICH} )?(?:{_DAY_NAME}(?:vormittag|nachmittag|mittag|abend|morgen|früh)?|{_SHORT_DAY})(?![\w-])"
    rf"(?:,? (?:(?:dem|den|der|the) )?(?:{_CALENDAR}|\d{{1,2}}/\d{{1,2}}(?![/\d]))|,? (?:den|der|dem) \d{{1,2}}\.(?! ?\d)|,? (?:den|dem|the) {_NTH}\b|(?: in)? (?:{_GERMAN_WHICH} woche|(?:next|this) week)"
    rf"| in {_COUNT} (?:wochen?|weeks?|tagen)| (?:nach|vor) (?:ostern|pfingsten|weihnachten)| (?:after|before) (?:easter|christmas)| (?:week|fortnight)\b(?! \d))?"
)
_ORDINAL: Final = r"(?:erste|zweite|dritte|vierte|letzte)[nrsm]?|first|second|third|fourth|last|[1-4](?:st|nd|rd|th)"
_OF_MONTH: Final = rf"(?:{_ORDINAL}) (?:{_DAY_NAME}) (?:im|in|of|des|vom) (?:the |next |this |{_GERMAN_WHICH} |kommenden )?(?:{MONTH}|{SHORT_MONTH}|months?|monats?)\b"
_HOLIDAY: Final = (
    r"(?:(?:ersten?|zweiten?|dritten?|vierten?|[1-4]\.) advent(?:s?sonntag)?|lichtmess(?:tag)?|allerseelen|(?:(?<=seit )|(?<=nach )|(?<=vor )|(?<=zu )|(?<=über ))(?:ostern|pfingsten|weihnachten|fasching|karneval)"
    r"|(?:(?<=since )|(?<=after )|(?<=before )|(?<=over ))(?:easter|christmas|thanksgiving|half term)|heiligabend|silvester|neujahr(?:stag)?|karfreitag|oster(?:sonntag|montag|samstag)|pfingst(?:sonntag|montag)|(?:christi )?himmelfahrt|fronleichnam|rosenmontag"
    r"|(?:(?:erste|zweite)[nrm]?|[12]\.) weihnachts(?:feier)?tag|nikolaus(?:tag)?|allerheiligen|christmas (?:eve|day)|new year['’]?s (?:eve|day)|boxing day|easter (?:sunday|monday)"
    r"|good friday|labou?r day|memorial day|independence day|thanksgiving day|(?:the )?(?:spring |summer |may |august )?bank holiday(?: monday)?)"
)
_QUARTER: Final = r"(?:(?:(?:[1-4]\.|(?:erste|zweite|dritte|vierte)[nrsm]?) quartal|(?:first|second|third|fourth|last|1st|2nd|3rd|4th) quarter)s?(?:(?: of)? 20\d\d)?|(?:quartal|quarter) [1-4]\b(?: 20\d\d)?)"
_NEAR: Final = (
    r"(?:the day (?:after tomorrow|before yesterday)|day after tomorrow|übermorgen|uebermorgen|vorgestern|heute|(?<!guten )morgen|gestern"
    r"|(?:heute|gestern|letzte) nacht|heut|gestan|today|tomorrow|tmrw|yesterday|tonight|overnight|last night|this (?:morning|afternoon|evening))"
)
_DAY: Final = (
    rf"(?:(?:a|one|two) (?:weeks?|fortnight) (?:on |from )?(?:today|tomorrow|now|{_DAY_NAME})|heute in {_COUNT} {_SPAN}|{_OF_MONTH}|{_HOLIDAY}|{_QUARTER}"
    rf"|(?:the )?(?:week (?:of|commencing|beginning|starting)|w/c) (?:the )?{_CALENDAR}|woche (?:vom|ab) (?:dem )?{_CALENDAR}|(?:the )?day (?:after|before) {_HOLIDAY}|{_NEAR}|{_WEEKDAY}|{_WHICH} (?:{_COUNT} )?{_SPAN}(?: (?:am |on )?{_DAY_NAME})?|{_CALENDAR}"
    rf"|(?:in|vor) (?:etwa |ca\. |rund |ungefähr )?{_COUNT} {_SPAN}(?:['’]? time\b)?|{_COUNT} {_SPAN} ago"
    rf"|(?:ende|anfang|mitte|(?:the )?(?:end|beginning|middle|start) of|early|late|mid)[ -](?:(?:des|the|{_WHICH}) )?(?:q[1-4]|kw ?\d+|{MONTH}|{_SPAN}|\d{{4}})(?: 20\d\d)?"
    r"|(?:(?<=\bim )|(?<=\bin )|(?<=vom ))(?:frühling|frühjahr|sommer|herbst|winter|spring|summer|autumn)\b(?: 20\d\d)?|(?:frühling|frühjahr|sommer|herbst|winter|spring|summer|autumn)(?: of)? 20\d\d|(?:letzte[nrms]?|vorige[nrms]?|diese[nrms]?|last|this) (?:frühling|frühjahr|sommer|herbst|winter|spring|summer|autumn)"
    r"|(?:(?<=\bdated )|(?<=\bon )|(?<=\bam )|(?<=den )|(?<=, )|(?<=vom )|(?<=for )|(?<=\bby )|(?<=\bdate )|(?<=\bdatum ))(?:0?[1-9]|[12]\d|3[01])/(?:0?[1-9]|1[0-2])\b(?!/)"
    r"|(?<=\bam )(?:[12]?\d|3[01])\.(?= (?:um|ab|von|gegen|bis|mit|einen?|eine|ein|bei|zu|wegen|für|nachmittags|vormittags|abends|früh)\b|,|$)"
    r"|(?:(?<=\bam )|(?<=\bzum )|(?<=\bbis )|(?<=\bvor ))(?:wochenende|monatsende|jahresende|quartalsende|monatsersten|jahreswechsel|monatsanfang)|(?:(?<=\bon the )|(?<=\bat the )|(?<=\bover the ))weekend"
    rf"|jahre? 20\d\d|year 20\d\d|(?:kw|kalenderwoche) ?\d{{1,2}}|(?:calendar )?week \d{{1,2}}|q[1-4]\b(?:[ /]20\d\d)?(?: end\b)?|(?!may (?:i|we)\b|(?-i:may)\b){MONTH}(?: 20\d\d)?|(?<=\bin |\bof )may\b)"
)
DATE: Final = rf"{_DAY}{_PART}(?: (?:bis(?: zum)?|to|until|till|through|-|–) {_DAY}{_PART})?"
_BETWEEN: Final = (
    r"(?:(?<=\bzwischen )|(?<=\bbetween )|(?<=\bzwischen dem )|(?<=\bbetween the ))"
    rf"(?:{_DAY}|\d{{1,2}}(?:\.|st|nd|rd|th)?) (?:und(?: dem)?|and(?: the)?) {_DAY}"
)
_DATES: Final = rf"(?:{_BETWEEN}|(?<=\bvom )\d{{1,2}}\. ?(?:bis(?: zum)?|-|–) ?\d{{1,2}}\.(?! ?(?:\d|{MONTH}|{SHORT_MONTH}))|(?:\d{{1,2}}\.(?: ?\d{{1,2}}\.)?|\d{{1,2}}) ?(?:bis(?: zum)?|to|until|through|-|–) ?{_CALENDAR}|{DATE})"
_NUMBER: Final = r"(?:ein|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|dreizehn|vierzehn|fünfzehn|sechzehn|siebzehn|achtzehn|neunzehn|zwanzig|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_HALF: Final = r"(?: ?[ap]\.?m\b\.?)"
_UHR: Final = r"(?: ?(?:uhr(?: (?:\d\d|fünfzehn|dreißig|fünfundvierzig|zehn|zwanzig)\b)?(?: [cs]\. ?t\b\.?)?|h(?:\d\d)?\b|o.?clock))"
_POINT: Final = rf"(?:(?:[01]?\d|2[0-4])(?:[:.]\d\d)?|{_NUMBER})"
_LATER: Final = r"(?: (?:nachmittags|abends|morgens|vormittags|mittags|früh|frueh|in der früh|am (?:morgen|abend|nachmittag|vormittag)|sharp|in the (?:morning|afternoon|evening)|at night))?"
_CLOCK: Final = rf"(?:{_POINT}(?:{_UHR}|{_HALF})|\d{{1,2}}:\d\d(?!:?\d)|\d{{1,2}}ish\b|(?:[01]\d|2[0-3])[0-5]\d(?= ?(?:hrs|hours|uhr|h\b|(?-i:ET|CET|GMT|EST)\b))(?: (?-i:ET)\b| ?(?:hrs|hours|uhr|h)\b)?|\d{{1,2}} ?[cs]\. ?t\.)(?: (?-i:CET|CEST|GMT|UTC|BST|IST|EST|EDT|PST|PDT)\b)?"
_SPOKEN: Final = (
    rf"(?:(?:punkt|halbe?|viertel (?:vor|nach)|drei ?viertel|(?:fünf|zehn|5|10) (?:vor|nach) halb|kurz (?:vor|nach)|shortly (?:before|after)|just (?:before|after)|twenty(?:[- ]five)? (?:past|to)|(?:fünf|zehn) (?:vor|nach)|half past|half|(?:a )?quarter (?:past|to)|ten (?:past|to)|five (?:past|to))"
    rf" (?:{_NUMBER}|neune|achte|\d{{1,2}})\b(?:{_UHR}|{_HALF})?|{_NUMBER} (?:thirty|fifteen|forty[- ]five|forty|twenty)\b|(?<=\bum )(?:\d{{1,2}}|zwanzig|zehn|fünf) (?:vor|nach) (?:halb )?(?:{_NUMBER}|\d{{1,2}})\b)"
)
_TO: Final = r" ?(?:bis|to|until|till|und|and|-|–) ?"
TIME: Final = (
    rf"(?:(?:{_CLOCK}|{_SPOKEN}){_LATER}(?:{_TO}(?:{_CLOCK}|{_SPOKEN}|{_POINT}\b))?|{_POINT} ?(?:bis|to|until|-|–) ?(?:{_CLOCK})"
    rf"|(?<=\bum ){_POINT}\b(?!\.){_LATER}(?:{_TO}{_POINT}\b)?|(?:(?<=\bat )|(?<=\bum ))(?!20[2-4]\d)(?:[01]\d|2[0-3])[0-5]\d\b|(?<=\bat ){_POINT}\b(?!\.\d)(?! (?:street|road|the)\b){_LATER}(?: ?(?:to|until|till|-|–) ?{_POINT}\b)?|(?:(?<=\bbetween )|(?<=\bzwischen )){_POINT} (?:and|und) (?:{_CLOCK}|{_POINT}\b(?!\.?(?:st|nd|rd|th)? ?(?:of )?(?:{MONTH}|{SHORT_MONTH})))|(?<=\bvon )\d{{1,2}}(?:[.:]\d\d)? bis \d{{1,2}}(?:[.:]\d\d)?\b(?!\.)"
    rf"|(?<=\bfrom )\d{{1,2}}(?:[.:]\d\d)? (?:to|until|till) \d{{1,2}}(?:[.:]\d\d)?\b|(?<=\bgegen )\d{{1,2}}\b(?!\.)|(?:0\d|1\d|2[0-3])[0-5]\d ?(?:to|bis|-|–) ?(?:0\d|1\d|2[0-3])[0-5]\d\b|(?:1[0-2]|[1-9]) till (?:1[0-2]|[1-9])\b(?!\.)|(?:mittags|(?:12 )?noon|midday|lunchtime)(?: sharp)?)"
)
_AFTER_DAY: Final = re.compile(
    rf",? ?(?P<time>\d{{1,2}}[.:]\d\d(?: ?(?:[ap]\.?m\b\.?|uhr\b|h\b))?)(?![.\d])(?! ?{UNIT})",
    re.IGNORECASE,
)
_LENGTH: Final = (
    r"(?:half an hour|(?:eine )?(?:halbe|dreiviertel) stunde|an hour(?: and a half)?"
    rf"|(?:(?:\d+(?:[.,]\d+)?|anderthalb|{_COUNT})[ -]?(?:stunden?|std\.?|minuten?|min\b\.?|hours?|hrs?|minutes?|mins?)))\b(?! (?:vor|ago))"
    r"|(?:halb|ein|zwei|drei|\d+-?)(?:stündig|minütig)\w*"
)
_TENS: Final = r"(?:zwanzig|dreißig|vierzig|fünfzig|fuffzig|sechzig|siebzig|achtzig|neunzig|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_SPENT: Final = (
    r"(?:aus(?:ge)?legt|ausgegeben|(?:be)?zahlt|gezahlt|gekostet|kostet|für|fürs|bitte|netto|brutto|plus|please|ein|an"
    r"|eintragen|angeben|ansetzen|abrechnen|überweisen|von|in|im|und)\b"
)
_CENTS: Final = (
    rf"(?: (?:(?:\d\d|{_TENS}(?:[ -]{_NUMBER})?)(?=[.,;!?)]?(?:$|\s*\n)|[,;!?)]|\. | {_SPENT})"
    rf"|(?:und |and )?\d\d ?(?:cents?|pence|p)\b))"
)
_MONEY: Final = (
    rf"(?:(?:{SIGN}|\b{CODE_BEFORE} ?) ?(?:\d[\d.,']{{0,24}}\d(?:,[-–]{{1,2}})?|\d){SHORT_TIMES}?"
    rf"|\b(?:\d{{1,3}}(?: \d{{3}}){{1,8}}(?:,\d\d)?|\d[\d.,]{{0,24}})(?:(?:,[-–]{{1,2}})?|{SHORT_TIMES}) ?{UNIT}{_CENTS}?"
    rf"|\b\d[\d.]{{0,24}},[-–](?!\w)|\b{SAID_NUMBERS}{NAME}\b{_CENTS}?"
    r"|(?:(?<=betrag )|(?<=summe )|(?<=umsatz )|(?<=preis )|(?<=budget )|(?<=price )|(?<=amount )|(?<=turnover )|(?<=total )|(?<=value )|(?<=wert ))"
    rf"\d+(?:[.,]\d+)?{TIMES}(?=[.,;!?)]|$))"
)
_ALL: Final = rf"(?P<length>\b{_LENGTH})|(?P<amount>{_MONEY})|(?<![\w./-])(?:(?P<time>{TIME})|(?P<date>{_DATES}))(?!\w)"
_BEGINS: Final = re.compile(rf"\b\w|{SIGN}")
"""Where one may begin; to ask there alone costs a part of what asking at every letter does."""
_LETTERS: Final = 3
_WORDS: Final = word_set(
    """
    a-h a-m a-s ach aho ahr all ami an- and anf anh anm ans apr ast aug aut ban beg box cal chf chr com cou czk day dec dez di di, di.
    die dkk do do, do. don dre dri eac ear eas eig ein ele elf end ers eur eve fas feb few fif fir fiv fol for fou fr fr, fr. fre fri fro frü fue fuf fün
    gbp ges goo hal hei her heu him hun ind inr jae jah jan jed jpy jul jun jus jän kal kar kom kur lab las lat let lic lun mae mai mar may
    mem mi mi, mi. mid mit mo mo, mo. mon mor mrz mär nae neu new nex nik nin nok noo nov näc oct okt one ost ove paa pas pfi pln pun qua
    ros sa sa, sa. sam sat sec sek sep sev sho sie sil six so so, so. som son spr sta sum sun tau ten tha the thi tho thr thu tmr tod tom ton
    tue twe two ueb usd ver vie vor w/c wed wee wei win woc yea yes zeh zwa zwe zwo zwö übe an in
    """
)
"""The first letters of all words that one may begin with; a test holds them against the patterns."""
_NUMBERED: Final = frozenset({"kw", "q1", "q2", "q3", "q4"})
_MODIFIES: Final = re.compile(r"['’]s?\b|-")
_STANDS_ALONE: Final = re.compile(
    rf"(?!(?:the )?day )(?:.*\b)?(?:{MONTH}|{_HOLIDAY}|{_QUARTER}|q[1-4]|kw ?\d+|week \d+)(?:[ /]20\d\d)?",
    re.IGNORECASE | re.DOTALL,
)


class Found(NamedTuple):
    """A stretch of a text: `kind` is date, time, length or amount; `modifies`: it is the beginning of "today's mails"."""

    kind: str
    start: int
    end: int
    modifies: bool = False


@functools.cache
def _all() -> re.Pattern[str]:
    """Return the pattern of all of them; compiling it takes a tenth of a start, so it waits for the first text."""
    return re.compile(_ALL, re.IGNORECASE)


def times_in(text: str) -> Iterator[Found]:
    """Yield what stands in a text, in order, none over another."""
    at, anything = 0, _all()
    for begins in _BEGINS.finditer(text):
        start = begins.start()
        if start < at or not _may_begin(text[start : start + _LETTERS].lower()):
            continue
        match = anything.match(text, start)
        if match is None:
            continue
        kind = match.lastgroup or "date"
        start, end = match.span(kind)
        if kind != "amount" and end < len(text) and text[end] in "_@/\\" and text[end + 1 : end + 2].strip():
            at = end
            continue
        after = _MODIFIES.match(text, end) if kind == "date" else None
        yield Found(kind, start, end, modifies=after is not None)
        at = end
        late = _AFTER_DAY.match(text, end) if kind == "date" and after is None else None
        if late is not None:
            yield Found("time", *late.span("time"))
            at = late.end()


def _may_begin(letters: str) -> bool:
    """Whether words that begin so may be a time; those of other letters than ours are asked."""
    return (
        letters.strip() in _WORDS
        or not letters[:1].isalpha()
        or letters[1:2] == " "
        or letters[:2] in _NUMBERED
        or not letters.isascii()
    )


def is_period(words: str) -> bool:
    """Whether words name a month, a quarter or a week of the year: what documents are of ("Kontoauszug September")."""
    return _STANDS_ALONE.fullmatch(words.strip()) is not None
