"""Any two of the plainest orders are both done, in sequence where the words say so: none is lost in the other."""

from itertools import permutations
from typing import Final, NamedTuple

import pytest

from scheduler.llm.slot_weighing import SlotWeigher
from scheduler.llm_wiring import make_learned
from scheduler.orchestrator.beyond_rules import BeyondRules
from tests.support.routers import the_router

pytestmark = pytest.mark.component

ROUTER = the_router()
BEYOND = BeyondRules(learned=make_learned(ROUTER), slots=SlotWeigher())
EVERY: Final = 9
"""Of so many pairs one is read here."""


class Joined(NamedTuple):
    """How two orders are joined: `adverb` stands behind the verb of the second; `waits`: it is said to come after."""

    form: str
    adverb: str = ""
    waits: bool = False


GERMAN: Final = {
    "send_mail": "Schick {}Anna das Angebot",
    "open_app": "Öffne {}Excel",
    "close_app": "Schließ {}Word",
    "search_document": "Such {}den Vertrag mit Müller",
    "open_document": "Öffne {}die Rechnung 4711",
    "export_pdf": "Speicher {}das Protokoll als PDF",
    "read_mail": "Lies {}meine neuen Mails vor",
    "create_appointment": "Leg {}einen Termin mit Tom am Montag um 9 Uhr an",
    "web_search": "Such {}im Internet nach Hotels in Köln",
    "navigate_url": "Geh {}auf www.beispiel.de",
    "download_file": "Lade {}die Preisliste von www.beispiel.de herunter",
    "fetch_and_send": "Hol {}die Rechnung 12 aus dem Portal und schick sie an Eva",
    "search_mail": "Such {}die Mail von Frau Berger",
}
ENGLISH: Final = {
    "send_mail": "Send {}Anna the quote",
    "open_app": "Open {}Excel",
    "close_app": "Close {}Word",
    "search_document": "Find {}the contract with Miller",
    "export_pdf": "Save {}the minutes as a PDF",
    "read_mail": "Read {}me my new emails",
    "create_appointment": "Make {}an appointment with Tom on Monday at 9",
    "web_search": "Search {}the web for hotels in Leeds",
    "navigate_url": "Go {}to www.example.com",
    "download_file": "Download {}the price list from www.example.com",
    "fetch_and_send": "Get {}invoice 12 from the portal and send it to Eva",
    "search_mail": "Find {}the email from Mrs Berger",
}
UND: Final = (
    Joined("{first} und {second}."),
    Joined("{first} und {second}.", "dann ", waits=True),
    Joined("{first} und {second}.", "danach ", waits=True),
    Joined("{first} und {second}.", "anschließend ", waits=True),
    Joined("{first}. Danach {second}.", waits=True),
    Joined("{first}, dann {second}.", waits=True),
)
AND: Final = (
    Joined("{first} and {second}."),
    Joined("{first} and then {second}.", waits=True),
    Joined("{first}. Then {second}.", waits=True),
    Joined("{first} and {second} afterwards.", waits=True),
    Joined("Please {first} and after that {second}.", waits=True),
)


def _small(text: str) -> str:
    return text[0].lower() + text[1:]


def _pairs() -> list[tuple[str, list[str], bool]]:
    found = []
    for orders, joined in ((GERMAN, UND), (ENGLISH, AND)):
        for first, second in permutations(orders, 2):
            for form, adverb, waits in joined:
                if second == "fetch_and_send" and form.endswith("afterwards."):
                    continue  # it is sent after it was fetched
                begins = _small(orders[first]) if form.startswith("Please") else orders[first]
                text = form.format(first=begins.format(""), second=_small(orders[second]).format(adverb))
                found.append((text, [first, second], waits))
    return found[::EVERY]


@pytest.mark.parametrize(("text", "intents", "waits"), _pairs())
async def test_both_are_read(text: str, intents: list[str], waits: bool) -> None:
    first, second = (await BEYOND.split(text, ROUTER)).parts

    assert [first.routed.name, second.routed.name] == intents
    assert second.after == (0,) if waits else second.after == ()
