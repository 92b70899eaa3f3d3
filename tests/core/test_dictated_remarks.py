"""Text that is dictated without marks is cut where a remark begins, and nowhere else."""

import pytest

from scheduler.core.compound import split_orders
from scheduler.core.dictated_remarks import with_marks
from scheduler.core.intent_router import IntentRouter

RULES = IntentRouter.default()

REMARKS = [
    "zeig mir die rechnung von bosch | das ist die mit dem rabatt",
    "hol mir den plan aus dem portal | die baustelle braucht ihn heute noch",
    "mach word zu | ich hab schon gespeichert",
    "such die datei | ich brauch sie jetzt",
    "mach den plan auf | der chef steht schon neben mir",
    "öffne bitte die kasse | meine schicht fängt gleich an",
    "leg einen termin mit bob an | der kunde kommt am montag um neun",
    "ich brauche die liste | der kunde will sie sehen",
    "schick tom die liste | er will sie drucken",
    "excel bitte schließen | wir müssen gleich los",
    "bitte im netz nachsehen wann die post heute zumacht | ich muss noch hin",
    "lade den kontoauszug herunter | die bank ist heute nicht erreichbar",
    "lies mir die neuen mails vor | ich sitz im auto",
    "speichere das angebot als pdf | die kundin wartet drauf",
    "füll das formular aus | es ist dringend",
    "close excel | i need the memory",
    "close excel | it's too slow for that",
    "find the offer from bosch | it's in one of the mails",
    "find me the contract | the boss is on the phone",
    "please send the list to bob | he is waiting",
    "send bob the plan | it is urgent today",
    "print the list please | i am late",
    "open outlook | i've got a meeting in five minutes",
    "find the tenant file | she wants her deposit back",
    "find the key card form | the guest wants it back",
    "check online when the post office shuts tonight | i'm still at work",
    "read me the new mails | i can't look at the screen",
    "save the quote as a pdf | the client wants to see it today",
    "download the statement | my manager keeps asking for it",
    "open the calendar | we have to find a free day",
    "start word | the other program doesn't like this file",
]
NONE = [
    "open the file the customer is waiting for",
    "send the invoice i mentioned to Tom",
    "send anna the list she wants to see",
    "open the plan the client wants a copy of",
    "open the file the lady wants to see",
    "find the report the boss has asked for",
    "find the lease the tenant has to sign by friday",
    "get the report my boss needs for the meeting",
    "open the file my colleague has been working on all week",
    "google how long the shop is open today",
    "check online what the weather is like in Rome",
    "find the email in which he is angry",
    "make sure the door is closed please",
    "send the firm its report today",
    "tell bob we are late",
    "write to anna the meeting is on monday",
    "schick der anna die liste die der chef braucht bis morgen",
    "zeig mir die mail in der er schreibt",
    "such die rechnung die der kunde bezahlt hat",
    "schreib der anna wir kommen später",
    "schick dem kunden ne mail er ist zu spät",
    "such das angebot das die firma mir geschickt hat",
    "schick die liste an die frau die das wollte",
    "was ich brauche ist die liste",
    "google wie lange er noch im amt ist",
    "schick anna die liste wenn der chef da ist",
    "der kunde wartet auf die liste",
    'Schick Tom "die Liste ist fertig der Chef wartet"',
    "Mail an Tom: die Liste ist fertig der Chef wartet",
]


@pytest.mark.parametrize("text", REMARKS)
def test_a_remark_is_set_apart(text: str) -> None:
    assert with_marks(text.replace(" |", "")) == text.replace(" |", ".")


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_remark_stays(text: str) -> None:
    assert with_marks(text) == text


def test_a_number_before_a_remark_stays_a_number() -> None:
    assert with_marks("öffne auftrag 12 der kunde wartet") == "öffne auftrag 12; der kunde wartet"


def test_a_remark_orders_nothing() -> None:
    orders = split_orders(with_marks("mach word zu ich hab die rechnung schon an tom geschickt"), RULES)

    assert [one.routed.name for one in orders.parts] == ["close_app"]


def test_its_for_it_is_is_written_so() -> None:
    assert with_marks("close excel its too slow for that") == "close excel. it's too slow for that"


def test_long_texts_are_left() -> None:
    text = "öffne den plan der kunde wartet schon " * 100

    assert with_marks(text) == text
