"""What every mail transport promises of sending, the one in memory included."""

from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.core.errors import (
    MailDeferredError,
    MailRefusedError,
    OutcomeUnknownError,
    RecipientRefusedError,
)
from scheduler.executors.mail_transport import Invitation, MailQuery, Thread
from tests.support.mail_worlds import ANNA, BERT, FAULTY_WORLDS, US, WORLDS, World, a_world
from tests.support.mails import LONG_NAME, a_mail, an_attachment


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> World:
    return a_world(request)


@pytest.fixture(params=FAULTY_WORLDS)
def faulty(request: pytest.FixtureRequest) -> World:
    """A world whose server may refuse or drop; between maildirs there is none."""
    return a_world(request)


async def test_a_mail_reaches_everybody_as_it_was_written(world: World, tmp_path: Path) -> None:
    mail = a_mail(
        ANNA,
        cc=(BERT,),
        subject="Überweisung – 😀 " + "lange Wörter " * (17 if world.is_exchange else 20),
        body="Grüße!\n.\nEine Zeile nur mit Punkt davor, und eine lange:\n" + "ä" * 2000,
        html="<p>Grüße!</p>",
        reply_to=BERT,
        attachments=(an_attachment(tmp_path), an_attachment(tmp_path, name="daten.csv", content=b"a;b\n1;2\n")),
    )

    await world.transport.send(mail)

    for address in (ANNA, BERT):
        (received,) = world.messages(address)
        files = list(received.iter_attachments())
        plain, html = received.get_body(("plain",)), received.get_body(("html",))
        assert received["Subject"] == mail.subject
        assert received["To"] == ANNA
        assert received["Cc"] == received["Reply-To"] == BERT
        assert received["From"] == "CPA für Prüfungen <cpa@example.com>"
        assert abs(received["Date"].datetime - mail.date) < timedelta(seconds=60 if world.is_exchange else 1)
        assert plain is not None
        assert plain.get_content().splitlines() == (["Grüße!"] if world.is_exchange else mail.body.splitlines())
        assert html is not None
        assert html.get_content().strip() == mail.html
        assert [file.get_filename() for file in files] == [LONG_NAME, "daten.csv"]
        assert files[0].get_payload(decode=True) == mail.attachments[0].path.read_bytes()


async def test_the_message_id_is_made_of_the_effect_key(world: World) -> None:
    mail = a_mail(effect_key="a1" * 32)

    message_id = await world.transport.send(mail)

    (received,) = world.messages(ANNA)
    assert message_id == f"<{'a1' * 32}@example.com>" == received["Message-ID"]
    assert received["X-CPA-Effect-Key"] == mail.effect_key


async def test_headers_name_neither_blind_copies_nor_our_own(world: World) -> None:
    await world.transport.send(a_mail(ANNA, bcc=(BERT,)))

    (received,), (blind,) = world.messages(ANNA), world.messages(BERT)
    assert blind["Message-ID"] == received["Message-ID"]
    for message in (received, blind):
        assert message["To"] == ANNA
        assert message["Cc"] is None
        assert message["Bcc"] is None


async def test_a_refused_recipient_keeps_the_mail_from_everybody(world: World) -> None:
    mail = a_mail(ANNA, BERT, "gibt-es-nicht@example.com")

    with pytest.raises(RecipientRefusedError) as refused:
        await world.transport.send(mail)

    assert refused.value.facts["recipient"] == "gibt-es-nicht@example.com"
    assert [world.messages(address) for address in (ANNA, BERT, US)] == [[], [], []]
    assert (await world.transport.find(mail.effect_key)).happened is False


async def test_a_deferred_mail_reaches_nobody_and_may_be_sent_again(faulty: World) -> None:
    mail = a_mail()
    faulty.faults.deferrals = 1

    with pytest.raises(MailDeferredError) as deferred:
        await faulty.transport.send(mail)
    before = faulty.messages(ANNA)
    await faulty.transport.send(mail)

    assert deferred.value.retryable
    assert before == []
    assert len(faulty.messages(ANNA)) == 1


async def test_a_rejected_mail_reaches_nobody(faulty: World) -> None:
    faulty.faults.rejections = 1

    with pytest.raises(MailRefusedError) as rejected:
        await faulty.transport.send(a_mail())

    assert not rejected.value.retryable
    assert faulty.messages(ANNA) == []


@pytest.mark.fault
async def test_a_mail_whose_answer_was_lost_is_found(faulty: World) -> None:
    mail = a_mail()
    faulty.faults.drops_after_delivery = 1

    with pytest.raises(OutcomeUnknownError):
        await faulty.transport.send(mail)

    assert (await faulty.transport.find(mail.effect_key)).happened is True
    assert len(faulty.messages(ANNA)) == 1


@pytest.mark.fault
async def test_a_mail_that_was_lost_with_the_connection_counts_as_not_sent(faulty: World) -> None:
    mail = a_mail()
    faulty.faults.drops_before_delivery = 1

    with pytest.raises(OutcomeUnknownError):
        await faulty.transport.send(mail)

    assert (await faulty.transport.find(mail.effect_key)).happened is False
    assert faulty.messages(ANNA) == []


async def test_one_mail_is_not_taken_for_another(world: World) -> None:
    sent, other = a_mail(), a_mail()

    await world.transport.send(sent)

    assert (await world.transport.find(sent.effect_key)).happened is True
    assert (await world.transport.find(other.effect_key)).happened is False


async def test_filing_puts_one_copy_among_the_sent_mails_however_often(world: World) -> None:
    mail = a_mail()
    await world.transport.send(mail)
    before = await world.transport.find(mail.effect_key)

    filed = [await world.transport.file(mail), await world.transport.file(mail)]

    assert before.filed is world.is_exchange
    assert filed == [True, True]
    assert (await world.transport.find(mail.effect_key)).filed
    assert len(world.messages(US, "Sent")) == 1
    assert world.messages(US) == []


async def test_a_mail_to_ourselves_stays_in_the_inbox_as_well(world: World) -> None:
    mail = a_mail(US, ANNA)
    await world.transport.send(mail)

    filed = [await world.transport.file(mail), await world.transport.file(mail)]

    assert filed == [True, True]
    assert len(world.messages(US, "Sent")) == 1
    assert len(world.messages(US)) == 1


async def test_a_mail_that_was_never_sent_is_not_filed(world: World) -> None:
    assert await world.transport.file(a_mail()) is False


async def test_an_answer_names_what_it_answers_and_what_is_urgent_says_so(world: World) -> None:
    thread = Thread(
        mail_id="<frage@example.com>", message_id="<frage@example.com>", references=("<anfang@example.com>",)
    )

    await world.transport.send(a_mail(ANNA, subject="Re: Frage", answers=thread, importance="high"))

    (received,) = world.messages(ANNA)
    assert received["In-Reply-To"] == "<frage@example.com>"
    assert received["References"] == "<anfang@example.com> <frage@example.com>"
    assert received["Importance"] == "high"


async def test_pictures_inside_the_html_and_files_beside_it_arrive_as_such(world: World, tmp_path: Path) -> None:
    picture = an_attachment(tmp_path, name="logo.png", content=b"\x89PNG", content_id="logo")
    mail = a_mail(ANNA, html='<img src="cid:logo">', attachments=(picture, an_attachment(tmp_path)))

    await world.transport.send(mail)

    (received,) = await world.annas.search(MailQuery())
    files = await world.annas.files(received.id)
    assert received.attachments == (LONG_NAME,)
    assert [(file.name, file.content_id) for file in files] == [(LONG_NAME, None), ("logo.png", "logo")]
    assert files[1].content == b"\x89PNG"
    assert files[1].content_type == "image/png"


async def test_an_invitation_is_a_part_that_calendars_know(world: World) -> None:
    content = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"

    await world.transport.send(a_mail(ANNA, html="<p>Termin</p>", invitation=Invitation(content=content)))

    (received,) = world.messages(ANNA)
    (calendar,) = [part for part in received.walk() if part.get_content_type() == "text/calendar"]
    assert calendar.get_param("method") == "REQUEST"
    assert calendar.get_content_charset() == "utf-8"
    assert calendar.get_payload(decode=True) == content.encode()
    assert received.get_body(("plain",)) is not None


async def test_a_draft_lies_there_once_with_all_its_recipients_and_nobody_gets_it(world: World, tmp_path: Path) -> None:
    draft = a_mail(ANNA, bcc=(BERT,), subject="Entwurf", attachments=(an_attachment(tmp_path),))

    first = await world.transport.draft(draft)
    again = await world.transport.draft(draft)

    (written,) = world.messages(US, "Drafts")
    (found,) = await world.transport.search(MailQuery(folder="Entwürfe"))
    assert first == again == found.id
    assert (written["To"], written["Bcc"], written["X-CPA-Effect-Key"]) == (ANNA, BERT, draft.effect_key)
    assert [world.messages(address) for address in (ANNA, BERT, US)] == [[], [], []]
    assert (await world.transport.find(draft.effect_key)).happened is False


async def test_a_draft_may_lack_recipients(world: World) -> None:
    draft = a_mail(subject="noch niemand").model_copy(update={"to": ()})

    await world.transport.draft(draft)

    (written,) = world.messages(US, "Drafts")
    assert written["To"] is None


def test_a_transport_knows_its_address(world: World) -> None:
    assert world.transport.address == US
