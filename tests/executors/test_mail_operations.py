"""What else is done in a mailbox: answered, forwarded, drafted, moved, marked, kept, waited for."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from scheduler.core.ids import JobId, new_id
from scheduler.core.todo import ToDo
from scheduler.executors.contacts import Contact, Contacts
from scheduler.executors.files import ArtifactStore
from scheduler.executors.mail_actions import DOWNLOAD, DRAFT, MARK, MOVE, SEARCH, WAIT_FOR
from scheduler.executors.mail_executor import MailExecutor
from scheduler.executors.mail_transport import MailQuery
from scheduler.executors.which_one import WHICH
from tests.support.mail_executor import ANNA, BERT, CONTEXT, US, artifacts, executor, server, transport
from tests.support.mails import LONG_NAME, a_mail, an_attachment
from tests.support.memory_mail import MemoryMailServer, MemoryMailTransport, an_account

__all__ = ["artifacts", "executor", "server", "transport"]


def _send(**params: Any) -> ToDo:  # noqa: ANN401 - parameters of a mail
    return ToDo(id="send", action="mail.send", params={"to": ANNA, "subject": "Rechnung 4711"} | params)


async def test_a_name_is_looked_up_and_one_that_nobody_has_is_an_error(
    transport: MemoryMailTransport, artifacts: ArtifactStore, server: MemoryMailServer
) -> None:
    book = Contacts(contacts=(Contact(name="Anna Müller", email=(ANNA,)),), groups={"Team": ("Anna Müller", BERT)})
    executor = MailExecutor(transport=transport, artifacts=artifacts, addresses=book.resolve)

    sent = await executor.execute(_send(to=["Frau Mueller", "team"]), CONTEXT)
    failed = await executor.execute(_send(to=[ANNA], cc=["Bert"]), CONTEXT)

    assert sent.result["recipients"] == [ANNA, BERT]
    assert failed.error is not None
    assert failed.error.facts["field"] == "send.params.cc[0]"
    assert len(server.messages(ANNA)) == 1


async def _question(server: MemoryMailServer, **parts: Any) -> str:  # noqa: ANN401 - parts of a mail
    """Let Anna ask us and Bert something; return the id of that mail."""
    annas = MemoryMailTransport(server, an_account(address=ANNA))
    parts = {"cc": (BERT,), "subject": "Frage", "body": "Wann?\n\nGruß"} | parts
    await annas.send(a_mail(US, **parts))
    (mail,) = await MemoryMailTransport(server, an_account()).search(MailQuery(limit=1))
    return mail.id


def _one(**params: Any) -> ToDo:  # noqa: ANN401 - what is looked for
    return ToDo(id="search", action=SEARCH.name, params={"one": True} | params)


async def test_one_mail_is_wanted_and_which_of_several_is_asked(
    executor: MailExecutor, server: MemoryMailServer
) -> None:
    first, second = await _question(server, subject="Heizung"), await _question(server, subject="Heizung, nochmals")

    only = await executor.execute(_one(subject="nochmals"), CONTEXT)
    several = await executor.execute(_one(subject="Heizung"), CONTEXT)
    chosen = await executor.execute(_one(subject="Heizung"), CONTEXT._replace(answers={WHICH: first}))
    none = await executor.execute(_one(subject="Dach"), CONTEXT)

    assert only.result["id"] == second
    assert [mail["subject"] for mail in only.result["messages"]] == ["Heizung, nochmals"]
    assert several.error is not None
    assert (several.error.code, several.error.facts["what"]) == ("several_fit", "Heizung")
    (question,) = several.error.questions
    assert [one.value for one in question.choices] == [second, first]
    assert "Heizung, nochmals" in question.choices[0].label
    assert chosen.result["id"] == first
    assert none.error is not None
    assert none.error.code == "mail_not_found"


async def test_an_answer_goes_to_the_author_with_what_was_asked(
    executor: MailExecutor, server: MemoryMailServer
) -> None:
    question = await _question(server)

    done = await executor.execute(
        ToDo(id="a", action="mail.send", params={"answers": question, "body": "Morgen."}), CONTEXT
    )

    (asked,), (_copy, answer) = server.messages(BERT), server.messages(ANNA)
    text = answer.get_body(("plain",))
    assert done.result["recipients"] == [ANNA]
    assert answer["Subject"] == "AW: Frage"
    assert answer["In-Reply-To"] == answer["References"] == asked["Message-ID"]
    assert text is not None
    lines = text.get_content().splitlines()
    assert lines[:2] + lines[3:] == ["Morgen.", "", "> Wann?", ">", "> Gruß"]
    assert lines[2].endswith("schrieb CPA für Prüfungen <anna@example.com>:")


async def test_an_answer_to_all_leaves_us_out(executor: MailExecutor, server: MemoryMailServer) -> None:
    question = await _question(server)
    params = {"answers": question, "answer_all": True, "html": "<p>Morgen.</p>", "quote": False}

    done = await executor.execute(ToDo(id="a", action="mail.send", params=params), CONTEXT)

    assert done.result["recipients"] == [ANNA, BERT]


async def test_a_forwarded_mail_goes_with_its_files_and_pictures(
    executor: MailExecutor, server: MemoryMailServer, tmp_path: Path
) -> None:
    files = (an_attachment(tmp_path), an_attachment(tmp_path, name="logo.png", content_id="logo"))
    question = await _question(server, html='<b>Wann?</b><img src="cid:logo">', attachments=files, cc=())
    params = {"to": BERT, "forwards": question, "body": "Bitte <übernehmen>."}

    done = await executor.execute(ToDo(id="f", action="mail.send", params=params), CONTEXT)

    (forwarded,) = server.messages(BERT)
    html, text = forwarded.get_body(("html",)), forwarded.get_body(("plain",))
    assert done.success
    assert forwarded["Subject"] == "WG: Frage"
    assert html is not None
    assert text is not None
    assert '<b>Wann?</b><img src="cid:logo">' in html.get_content()
    assert "Bitte &lt;übernehmen&gt;." in html.get_content()
    assert "---------- Weitergeleitete Nachricht ----------" in text.get_content()
    assert "Von: CPA für Prüfungen <anna@example.com>" in text.get_content()
    assert [file.get_filename() for file in forwarded.iter_attachments()] == [LONG_NAME]
    assert "logo.png" in [part.get_filename() for part in forwarded.walk()]


async def test_an_answer_is_verified_though_the_question_is_gone(
    executor: MailExecutor, server: MemoryMailServer
) -> None:
    todo = ToDo(id="a", action="mail.send", params={"answers": await _question(server, cc=()), "body": "Morgen."})
    server.faults.drops_after_delivery = 1
    await executor.execute(todo, CONTEXT)
    server.boxes[US]["INBOX"] = [stored for stored in server.boxes[US]["INBOX"] if b"In-Reply-To" in stored.content]

    seen = await executor.verify(todo, CONTEXT)

    assert seen.happened is True


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"answers": "x", "forwards": "y"}, "forwards"),
        ({"forwards": "y", "subject": "s"}, "to"),
        ({"to": ANNA}, "subject"),
        ({"to": ANNA, "subject": "s", "inline_images": {"logo": "artifact://a/b/c"}}, "inline_images"),
        ({"to": ANNA, "subject": "s", "importance": "very"}, "importance"),
    ],
)
async def test_what_does_not_fit_together_is_named(executor: MailExecutor, params: dict[str, Any], field: str) -> None:
    failed = await executor.execute(ToDo(id="send", action="mail.send", params=params), CONTEXT)

    assert failed.error is not None
    assert failed.error.facts["field"] == f"send.params.{field}"


async def test_a_draft_lies_there_once_and_is_not_sent(executor: MailExecutor, server: MemoryMailServer) -> None:
    todo = ToDo(id="d", action="mail.draft", params={"subject": "Entwurf", "body": "Noch ohne Empfänger"})

    done = await executor.execute(todo, CONTEXT)
    seen = await executor.verify(todo, CONTEXT)

    assert done.success
    assert seen.result == done.result
    assert done.result.keys() == DRAFT.result
    assert len(server.messages(US, "Drafts")) == 1


async def test_mails_are_moved_and_marked_and_that_is_seen(executor: MailExecutor, server: MemoryMailServer) -> None:
    mail = await _question(server)
    move = ToDo(id="m", action="mail.move", params={"mail": mail, "folder": "Erledigt", "create": True})
    mark = ToDo(id="k", action="mail.mark", params={"mail": [mail], "flagged": True})
    before = [(await executor.verify(todo, CONTEXT)).happened for todo in (mark,)]

    done = [await executor.execute(todo, CONTEXT) for todo in (move, mark)]
    seen = [await executor.verify(todo, CONTEXT) for todo in (move, mark)]

    assert before == [False]
    assert [verification.happened for verification in seen] == [True, True]
    assert [verification.result for verification in seen] == [step.result for step in done]
    assert done[0].result.keys() == MOVE.result
    assert done[1].result.keys() == MARK.result


async def test_attachments_become_artifacts_each_by_a_name_of_its_own(
    executor: MailExecutor, artifacts: ArtifactStore, server: MemoryMailServer, tmp_path: Path
) -> None:
    names = ("Rechnung.pdf", "rechnung.PDF", "liste.csv")
    files = tuple(an_attachment(tmp_path, name=name, content=name.encode()) for name in names)
    mail = await _question(server, attachments=files)
    todo = ToDo(id="a", action="mail.download_attachments", params={"mail": mail, "pattern": "*.pdf"})

    before = await executor.verify(todo, CONTEXT)
    done = await executor.execute(todo, CONTEXT)
    seen = await executor.verify(todo, CONTEXT)

    assert before.happened is False
    assert done.result.keys() == DOWNLOAD.result
    assert done.result["names"] == ["Rechnung.pdf", "rechnung (2).PDF"]
    assert artifacts.path_of(done.result["artifacts"][1]).read_bytes() == b"rechnung.PDF"
    assert seen.result == done.result


async def test_a_missing_attachment_is_an_error_that_names_those_there_are(
    executor: MailExecutor, server: MemoryMailServer, tmp_path: Path
) -> None:
    mail = await _question(server, attachments=(an_attachment(tmp_path, name="liste.csv"),))
    todo = ToDo(id="a", action="mail.download_attachments", params={"mail": mail, "pattern": "*.pdf"})

    failed = await executor.execute(todo, CONTEXT)

    assert failed.error is not None
    assert (failed.error.code, failed.error.facts["there"]) == ("attachment_missing", "liste.csv")


async def test_a_mail_that_comes_is_waited_for_and_one_from_before_the_job_does_not_count(
    executor: MailExecutor, server: MemoryMailServer
) -> None:
    await _question(server, subject="Code 1")
    await asyncio.sleep(0.01)
    context = CONTEXT._replace(job_id=JobId(new_id()))
    todo = ToDo(id="w", action="mail.wait_for", params={"sender": "Frau CPA", "subject": "Code"}, timeout=10)

    waiting = asyncio.create_task(executor.execute(todo, context))
    await asyncio.sleep(0.05)
    before = await executor.verify(todo, context)
    await _question(server, subject="Code 2")
    done = await waiting
    seen = await executor.verify(todo, context)

    assert before.happened is False
    assert done.result.keys() == WAIT_FOR.result
    assert done.result["messages"][0]["subject"] == "Code 2"
    assert seen.result == done.result


async def test_a_mail_that_does_not_come_fails_the_step_in_time(
    executor: MailExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.executors.mail_executor._MARGIN", 0.2)
    todo = ToDo(id="w", action="mail.wait_for", params={"subject": "nie"}, timeout=1)

    failed = await executor.execute(todo, CONTEXT)

    assert failed.error is not None
    assert (failed.error.code, failed.error.retryable) == ("mail_not_received", False)
    assert "subject: nie" in failed.error.facts["wanted"]
    assert failed.duration < 1


async def test_one_mail_is_read_by_its_id_and_marked(executor: MailExecutor, server: MemoryMailServer) -> None:
    mail = await _question(server, html="<p>Wann?</p>")

    done = await executor.execute(ToDo(id="r", action="mail.read", params={"id": mail, "mark_seen": True}))

    assert done.result["messages"][0]["html"].strip() == "<p>Wann?</p>"
    assert server.boxes[US]["INBOX"][0].seen


async def test_a_mail_with_broken_addresses_is_answered_as_far_as_they_go(
    executor: MailExecutor, server: MemoryMailServer
) -> None:
    raw = (
        b"From: Anna <anna@example.com>\r\nReply-To: kaputt@\r\nTo: cpa@example.com, @@, bert@example.com\r\n"
        b"Message-ID: <a\x01b@x>\r\nReferences: <\x02@y>\r\nSubject: a\x03b\r\n\r\nText\r\n"
    )
    server.put(US, "INBOX", raw)
    (mail,) = await MemoryMailTransport(server, an_account()).search(MailQuery())
    todo = ToDo(id="a", action="mail.send", params={"answers": mail.id, "answer_all": True, "body": "ja"})

    done = await executor.execute(todo, CONTEXT)

    assert done.error is None
    assert done.result["recipients"] == [ANNA, BERT]


async def test_a_mail_without_a_sender_cannot_be_answered(executor: MailExecutor, server: MemoryMailServer) -> None:
    server.put(US, "INBOX", b"Subject: x\r\n\r\nText\r\n")
    (mail,) = await MemoryMailTransport(server, an_account()).search(MailQuery())

    failed = await executor.execute(ToDo(id="a", action="mail.send", params={"answers": mail.id}), CONTEXT)

    assert failed.error is not None
    assert failed.error.facts["field"] == "a.params.answers"
