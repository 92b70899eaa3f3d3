"""Nobody gets what others were to get, nothing is done that was taken back; all of it was done once."""

import pytest

from scheduler.core.intents import UNKNOWN
from scheduler.llm.slot_weighing import SlotWeigher
from scheduler.llm_wiring import make_learned
from scheduler.orchestrator.beyond_rules import BeyondRules
from tests.support.routers import the_router

ROUTER = the_router()
BEYOND = BeyondRules(learned=make_learned(ROUTER), slots=SlotWeigher())
pytestmark = pytest.mark.component


async def read(text: str) -> list[tuple[str, dict[str, str]]]:
    orders = await BEYOND.split(text, ROUTER)
    return [(part.routed.name, dict(part.routed.slots)) for part in orders.parts if part.routed.name != UNKNOWN]


@pytest.mark.parametrize(
    ("text", "nobody"),
    [
        ("Schick Anna den Bericht. Sorry, Tom", "Tom"),
        ("Send Anna the report. Sorry Tom", "Tom"),
        ("Send Anna the list. No Bob.", "Bob"),
        ("Send Anna the list, no rush.", "rush"),
        ("Schick Anna den Bericht. Doch nicht Anna.", "Anna"),
        ("Send Anna and Bob the report. Not Bob.", "Bob"),
        ("Send Anna the invoice and Bob the offer. Skip Bob.", "Bob"),
        ("Send Anna the invoice and Bob the offer. Leave Bob out.", "Bob"),
        ("Schick Anna die Rechnung und Bernd das Angebot. Bernd erst am Montag.", "Bernd"),
        ("Schick Anna die Rechnung und Bernd das Angebot, nein umgekehrt.", "Bernd"),
        ("Send everyone but Bob the report.", "Bob"),
        ("Send the contract to Carl instead of Anna and Bob.", "Bob"),
        ("Schick den Vertrag an Tom statt an Anna", "Anna"),
        ("Mail den Plan an Eva statt der Liste an Tom.", "Tom"),
        ("Mail Tom, Eva schickt die Liste an Bernd.", "Bernd"),
        ("Lass Tom Anna das Angebot und Eva die Liste schicken.", "Eva"),
        ("Anna said Bob needs the contract, please send it to him.", "Anna"),
        ("Ask Tom if we have the contract sent to Eva.", "Eva"),
    ],
)
async def test_who_is_only_named_is_sent_nothing(text: str, nobody: str) -> None:
    assert [slots for name, slots in await read(text) if nobody in slots.get("recipient", "")] == []


@pytest.mark.parametrize(
    "text",
    [
        "Close Excel, Anna said not to.",
        "Send Anna the report, Bob said we shouldn't.",
        "Close Word, I changed my mind.",
        "Schließ Word, ich hab's mir anders überlegt.",
        "Close Word, he said.",
        "Close Excel, Tom already did.",
        "Send Tom the list, Anna will do that.",
        "Erinnere mich vor dem Schließen von Word ans Speichern.",
        "Angebote an Kunden, Rechnungen an Lieferanten",
        "Brief an den Vater",
        "Get the train to Berlin.",
        "Schick Anna den Bericht und die Liste. Doch nicht die Liste.",
    ],
)
async def test_what_is_taken_back_or_only_said_is_not_done(text: str) -> None:
    assert await read(text) == []


@pytest.mark.parametrize(
    ("text", "slot", "words"),
    [
        ("Send Tom a mail saying Anna comes instead of Bob", "body", "Anna comes instead of Bob"),
        ("Schreib Anna eine Mail mit dem Betreff Tee statt Kaffee", "subject", "Tee statt Kaffee"),
        ("Google nach dem Öffnen von Excel.", "query", "Öffnen von Excel"),
        ("Schick den Vertrag an Tom statt an Anna", "recipient", "Tom"),
    ],
)
async def test_what_is_told_or_looked_for_stays_as_it_was_written(text: str, slot: str, words: str) -> None:
    assert [slots.get(slot) for _, slots in await read(text)] == [words]


@pytest.mark.parametrize("text", ["Mail Tom, Anna hat die Gehaltsliste.", "Email Eva, Bob wrote the contract."])
async def test_what_a_remark_names_is_not_attached(text: str) -> None:
    assert [slots["document"] for _, slots in await read(text) if "document" in slots] == []
