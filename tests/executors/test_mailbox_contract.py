"""What every mail transport promises of the mails that lie in the mailbox, the one in memory included."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.core.errors import InvalidInputError, MailNotFoundError
from scheduler.executors.mail_transport import INBOX, FolderRole, MailQuery
from tests.support.mail_worlds import ANNA, BERT, US, WORLDS, World, a_world
from tests.support.mails import a_mail, an_attachment

NOW = datetime.now(UTC)
PATIENCE = timedelta(seconds=20)


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> World:
    return a_world(request)


async def _receive(world: World, **parts: object) -> str:
    """Let Anna send us a mail and return its id."""
    await world.annas.send(a_mail(US, **parts))  # type: ignore[arg-type]  # parts of a mail
    (newest, *_) = await world.transport.search(MailQuery(limit=1))
    return newest.id


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
    assert mails[0].folder == INBOX
    for moment in (mails[0].date, mails[0].received):
        assert moment is not None
        assert abs(moment - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (MailQuery(), ["Angebot", "Prüfung 4711"]),
        (MailQuery(subject="prüfung"), ["Prüfung 4711"]),
        (MailQuery(sender=BERT), []),
        (MailQuery(recipient=US), ["Angebot", "Prüfung 4711"]),
        (MailQuery(recipient=BERT), []),
        (MailQuery(sender=ANNA, words="Ärger"), ["Prüfung 4711"]),
        (MailQuery(words="Betrag Ärger"), ["Prüfung 4711"]),
        (MailQuery(words='Anführung "quer" \\'), []),
        (MailQuery(since=NOW.date() - timedelta(days=1)), ["Angebot", "Prüfung 4711"]),
        (MailQuery(since=NOW.date() + timedelta(days=2)), []),
        (MailQuery(since=NOW - timedelta(minutes=5)), ["Angebot", "Prüfung 4711"]),
        (MailQuery(since=NOW + timedelta(minutes=30)), []),
        (MailQuery(before=NOW - timedelta(minutes=5)), []),
        (MailQuery(before=NOW + timedelta(minutes=30)), ["Angebot", "Prüfung 4711"]),
        (MailQuery(with_attachment=True), ["Angebot"]),
        (MailQuery(with_attachment=False), ["Prüfung 4711"]),
        (MailQuery(flagged=True), []),
        (MailQuery(folder="Sent"), []),
        (MailQuery(folder="Gesendete Objekte"), []),
        (MailQuery(folder="posteingang"), ["Angebot", "Prüfung 4711"]),
    ],
)
async def test_a_search_gives_the_mails_for_which_everything_holds(
    world: World, tmp_path: Path, query: MailQuery, found: list[str]
) -> None:
    offer = an_attachment(tmp_path, name="Angebot.pdf")
    await world.annas.send(a_mail(US, subject="Prüfung 4711", body="Ärger mit dem Betrag"))
    await world.annas.send(a_mail(US, subject="Angebot", body="Der Betrag", attachments=(offer,)))

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
    with pytest.raises(InvalidInputError, match="Nirgendwo"):
        await world.transport.wait_for(MailQuery(folder="Nirgendwo"), PATIENCE)


async def test_folders_are_listed_with_what_they_are_for(world: World) -> None:
    await world.transport.draft(a_mail())  # a server may make the folder only when it is needed

    folders = await world.transport.folders()

    roles = [folder.role for folder in folders]
    assert folders[0].name == INBOX
    assert roles[0] is FolderRole.INBOX
    assert {FolderRole.SENT, FolderRole.DRAFTS} <= set(roles)


async def test_one_mail_is_read_whole_and_stays_unseen(world: World, tmp_path: Path) -> None:
    attachment = an_attachment(tmp_path, name="Übersicht.pdf")
    mail_id = await _receive(world, subject="Prüfung", html="<p>Grüße</p>", cc=(BERT,), attachments=(attachment,))

    mail = await world.transport.read(mail_id)
    by_name = await world.transport.read(mail.message_id)
    (file,) = await world.transport.files(mail_id)

    assert mail == by_name
    assert (mail.id, mail.subject, mail.sender, mail.cc, mail.seen) == (mail_id, "Prüfung", ANNA, (BERT,), False)
    assert mail.html.strip() == "<p>Grüße</p>"
    assert (file.name, file.content_type, file.content_id) == ("Übersicht.pdf", "application/pdf", None)
    assert file.content == attachment.path.read_bytes()


@pytest.mark.parametrize("mail_id", ["<nie@example.com>", "imap:1:99999:INBOX:", "memory:0", "x", "imap:a:b:c:d", ""])
async def test_a_mail_that_is_not_there_is_an_error(world: World, mail_id: str) -> None:
    with pytest.raises(MailNotFoundError):
        await world.transport.read(mail_id)
    with pytest.raises(MailNotFoundError):
        await world.transport.files(mail_id)
    with pytest.raises(MailNotFoundError):
        await world.transport.mark(mail_id, seen=True)
    with pytest.raises(MailNotFoundError):
        await world.transport.move(mail_id, "Sent")


async def test_marks_are_set_and_taken_and_what_is_not_said_stays(world: World) -> None:
    mail_id = await _receive(world)

    await world.transport.mark(mail_id, seen=True, flagged=True)
    both = await world.transport.read(mail_id)
    await world.transport.mark(mail_id, flagged=False)
    one = await world.transport.read(mail_id)
    await world.transport.mark(mail_id, seen=False)
    none = await world.transport.read(mail_id)

    assert [(mail.seen, mail.flagged) for mail in (both, one, none)] == [(True, True), (True, False), (False, False)]


async def test_a_mail_is_moved_once_with_the_old_id_as_with_the_new(world: World) -> None:
    old = await _receive(world, subject="Rechnung")

    new = await world.transport.move(old, "Rechnungen", create=True)
    again = await world.transport.move(old, "rechnungen")
    once_more = await world.transport.move(new, "Rechnungen", create=True)

    assert new == again == once_more
    assert world.messages(US) == []
    assert [message["Subject"] for message in world.messages(US, "Rechnungen")] == ["Rechnung"]
    assert (await world.transport.read(old)).folder == "Rechnungen"


async def test_a_folder_inside_another_is_written_with_a_slash(world: World) -> None:
    old = await _receive(world, subject="Rechnung")

    new = await world.transport.move(old, "Ablage/2026", create=True)
    again = await world.transport.move(old, "ablage/2026", create=True)
    found = await world.transport.search(MailQuery(folder="Ablage/2026"))
    by_its_own_name = await world.transport.search(MailQuery(folder="2026"))

    assert new == again
    assert [mail.subject for mail in found] == [mail.subject for mail in by_its_own_name] == ["Rechnung"]


async def test_a_name_that_no_folder_can_have_is_named(world: World) -> None:
    mail_id = await _receive(world)

    with pytest.raises(InvalidInputError, match="//"):
        await world.transport.move(mail_id, "//", create=True)


async def test_a_mail_is_not_moved_into_a_folder_that_does_not_exist(world: World) -> None:
    mail_id = await _receive(world)

    with pytest.raises(InvalidInputError, match="Nirgendwo"):
        await world.transport.move(mail_id, "Nirgendwo")

    assert len(world.messages(US)) == 1


async def test_a_mail_that_is_there_is_not_waited_for(world: World) -> None:
    await _receive(world, subject="Bestätigung")

    (mail,) = await world.transport.wait_for(MailQuery(subject="bestätigung"), timedelta(0))

    assert mail.subject == "Bestätigung"


async def test_a_mail_that_comes_ends_the_waiting_and_another_one_does_not(world: World) -> None:
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(world.transport.wait_for(MailQuery(sender=ANNA, subject="Bestätigung"), PATIENCE))
        await asyncio.sleep(0.3)
        await world.annas.send(a_mail(US, subject="Werbung"))
        await asyncio.sleep(0.3)
        before = waiting.done()
        await world.annas.send(a_mail(US, subject="Ihre Bestätigung"))

    assert not before
    assert [mail.subject for mail in waiting.result()] == ["Ihre Bestätigung"]


async def test_waiting_ends_without_a_mail_when_the_time_is_over(world: World) -> None:
    assert await world.transport.wait_for(MailQuery(subject="nie"), timedelta(seconds=0.2)) == ()


async def test_waiting_can_be_stopped(world: World) -> None:
    waiting = asyncio.create_task(world.transport.wait_for(MailQuery(subject="nie"), PATIENCE))
    await asyncio.sleep(0.2)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
