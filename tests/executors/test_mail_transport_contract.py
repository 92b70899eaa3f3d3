"""What every mail transport promises, the one in memory included."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from examples.mailbox.faults import Faults
from scheduler.core.errors import (
    InvalidInputError,
    MailDeferredError,
    MailRefusedError,
    OutcomeUnknownError,
    RecipientRefusedError,
)
from scheduler.executors.mail_transport import MailQuery, MailTransport
from scheduler.executors.smtp_imap_transport import SmtpImapTransport
from tests.support.mails import LONG_NAME, a_mail, an_attachment
from tests.support.memory_mail import MemoryMailServer, MemoryMailTransport, an_account

ANNA, BERT, US = "anna@example.com", "bert@example.com", "cpa@example.com"


@dataclass
class World:
    """A transport for our account (`transport`), one for Anna's, and a look at what lies in the mailboxes."""

    transport: MailTransport
    annas: MailTransport
    faults: Faults
    look: Callable[[str, str], list[EmailMessage]]

    def messages(self, address: str, folder: str = "INBOX") -> list[EmailMessage]:
        return self.look(address, folder)


def _in_memory() -> World:
    server = MemoryMailServer()
    transport = MemoryMailTransport(server, an_account())
    return World(transport, MemoryMailTransport(server, an_account(address=ANNA)), server.faults, server.messages)


def _over_the_wire(request: pytest.FixtureRequest) -> World:
    server = request.getfixturevalue("mail_server")
    ports = {"smtp": server.smtp_port, "imap": server.imap_port}
    settle = timedelta(seconds=0.3)
    transport = SmtpImapTransport(an_account(**ports), settle=settle)
    annas = SmtpImapTransport(an_account(address=ANNA, **ports), settle=settle)
    return World(transport, annas, server.faults, server.messages)


@pytest.fixture(params=["memory", pytest.param("smtp_imap", marks=pytest.mark.integration)])
def world(request: pytest.FixtureRequest) -> World:
    return _in_memory() if request.param == "memory" else _over_the_wire(request)


async def test_a_mail_reaches_everybody_as_it_was_written(world: World, tmp_path: Path) -> None:
    mail = a_mail(
        ANNA,
        cc=(BERT,),
        subject="Überweisung – 😀 " + "lange Wörter " * 20,
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
        assert received["Date"].datetime == mail.date.replace(microsecond=0)
        assert plain is not None
        assert plain.get_content().splitlines() == mail.body.splitlines()
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


async def test_a_deferred_mail_reaches_nobody_and_may_be_sent_again(world: World) -> None:
    mail = a_mail()
    world.faults.deferrals = 1

    with pytest.raises(MailDeferredError) as deferred:
        await world.transport.send(mail)
    before = world.messages(ANNA)
    await world.transport.send(mail)

    assert deferred.value.retryable
    assert before == []
    assert len(world.messages(ANNA)) == 1


async def test_a_rejected_mail_reaches_nobody(world: World) -> None:
    world.faults.rejections = 1

    with pytest.raises(MailRefusedError) as rejected:
        await world.transport.send(a_mail())

    assert not rejected.value.retryable
    assert world.messages(ANNA) == []


@pytest.mark.fault
async def test_a_mail_whose_answer_was_lost_is_found(world: World) -> None:
    mail = a_mail()
    world.faults.drops_after_delivery = 1

    with pytest.raises(OutcomeUnknownError):
        await world.transport.send(mail)

    assert (await world.transport.find(mail.effect_key)).happened is True
    assert len(world.messages(ANNA)) == 1


@pytest.mark.fault
async def test_a_mail_that_was_lost_with_the_connection_counts_as_not_sent(world: World) -> None:
    mail = a_mail()
    world.faults.drops_before_delivery = 1

    with pytest.raises(OutcomeUnknownError):
        await world.transport.send(mail)

    assert (await world.transport.find(mail.effect_key)).happened is False
    assert world.messages(ANNA) == []


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

    assert not before.filed
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


async def test_mails_are_read_newest_first_and_no_more_than_asked_for(world: World, tmp_path: Path) -> None:
    for number in range(3):
        attachments = (an_attachment(tmp_path, name="Übersicht.pdf"),)
        await world.annas.send(a_mail(US, subject=f"Nummer {number}", body=f"Grüße {number}", attachments=attachments))

    mails = await world.transport.search(MailQuery(limit=2))

    assert [mail.subject for mail in mails] == ["Nummer 2", "Nummer 1"]
    assert mails[0].sender == ANNA
    assert mails[0].to == (US,)
    assert mails[0].text == "Grüße 2"
    assert mails[0].attachments == ("Übersicht.pdf",)
    assert mails[0].date is not None
    assert abs(mails[0].date - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (MailQuery(), ["Angebot", "Prüfung 4711"]),
        (MailQuery(subject="prüfung"), ["Prüfung 4711"]),
        (MailQuery(sender=BERT), []),
        (MailQuery(sender=ANNA, words="Ärger"), ["Prüfung 4711"]),
        (MailQuery(words="Betrag Ärger"), ["Prüfung 4711"]),
        (MailQuery(words='Anführung "quer" \\'), []),
        (MailQuery(since=datetime.now(UTC).date() - timedelta(days=1)), ["Angebot", "Prüfung 4711"]),
        (MailQuery(since=datetime.now(UTC).date() + timedelta(days=2)), []),
        (MailQuery(folder="Sent"), []),
    ],
)
async def test_a_search_gives_the_mails_for_which_everything_holds(
    world: World, query: MailQuery, found: list[str]
) -> None:
    await world.annas.send(a_mail(US, subject="Prüfung 4711", body="Ärger mit dem Betrag"))
    await world.annas.send(a_mail(US, subject="Angebot", body="Der Betrag"))

    mails = await world.transport.search(query)

    assert [mail.subject for mail in mails] == found


async def test_only_mails_marked_as_seen_are_seen(world: World) -> None:
    await world.annas.send(a_mail(US, subject="alt"))
    looked = await world.transport.search(MailQuery(unseen=True))
    marked = await world.transport.search(MailQuery(unseen=True, mark_seen=True))
    await world.annas.send(a_mail(US, subject="neu"))

    unseen = await world.transport.search(MailQuery(unseen=True))

    assert looked == marked
    assert [mail.subject for mail in unseen] == ["neu"]


async def test_a_folder_that_does_not_exist_is_named(world: World) -> None:
    with pytest.raises(InvalidInputError, match="Nirgendwo"):
        await world.transport.search(MailQuery(folder="Nirgendwo"))
