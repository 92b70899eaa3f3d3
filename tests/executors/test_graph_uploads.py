"""Large files go to Microsoft Graph in ranges, which may be interrupted."""

from pathlib import Path

import pytest

from scheduler.core.errors import (
    CPAError,
    MailServerUnreachableError,
)
from tests.support.graph.fixtures import US, a_graph_transport
from tests.support.graph.server import GraphServer
from tests.support.mails import a_mail, an_attachment

pytestmark = [pytest.mark.integration, pytest.mark.fault]
ANNA = "anna@example.com"


def drafts(server: GraphServer) -> int:
    return len(server.office.messages(US, "Drafts"))


async def test_a_large_file_goes_up_in_ranges_and_arrives_whole(graph_server: GraphServer, tmp_path: Path) -> None:
    content = bytes(range(256)) * 40_000  # 10 MB
    file = an_attachment(tmp_path, name="groß.bin", content=content)

    await a_graph_transport(graph_server).send(a_mail(attachments=(file, an_attachment(tmp_path))))

    (arrived,) = graph_server.office.messages(ANNA)
    files = [part.get_payload(decode=True) for part in arrived.iter_attachments()]
    assert files[0] == content
    assert len(files) == 2
    assert [last - first + 1 for first, last in graph_server.service.uploads.ranges] == [
        3_932_160,
        3_932_160,
        2_375_680,
    ]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("status", [503, None], ids=["503", "cut"])
async def test_an_interrupted_upload_goes_on_where_it_was(
    graph_server: GraphServer, tmp_path: Path, status: int | None, after: bool
) -> None:
    content = bytes(range(256)) * 20_000  # 5 MB
    file = an_attachment(tmp_path, name="groß.bin", content=content)
    graph_server.strike("PUT", "/upload", status=status, after_the_effect=after)

    await a_graph_transport(graph_server).send(a_mail(attachments=(file,)))

    (arrived,) = graph_server.office.messages(ANNA)
    (part,) = arrived.iter_attachments()
    assert part.get_payload(decode=True) == content


async def test_an_upload_that_cannot_be_resumed_sends_nothing(graph_server: GraphServer, tmp_path: Path) -> None:
    file = an_attachment(tmp_path, name="groß.bin", content=bytes(5_000_000))
    graph_server.service.uploads.tell_status = False
    graph_server.strike("PUT", "/upload")
    transport, mail = a_graph_transport(graph_server), a_mail(attachments=(file,))

    with pytest.raises(MailServerUnreachableError) as interrupted:
        await transport.send(mail)
    before = drafts(graph_server)
    await transport.send(mail)

    assert interrupted.value.retryable
    assert before == 0
    assert len(graph_server.office.messages(ANNA)) == 1


async def test_a_draft_whose_upload_was_interrupted_is_made_anew(graph_server: GraphServer, tmp_path: Path) -> None:
    mail = a_mail(attachments=(an_attachment(tmp_path),))
    graph_server.strike("POST", "/attachments", status=503)
    graph_server.strike("POST", "/permanentDelete", status=503)  # and it cannot be taken back either
    graph_server.strike("DELETE", "/messages", status=503)
    transport = a_graph_transport(graph_server)
    with pytest.raises(CPAError):
        await transport.draft(mail)

    await transport.draft(mail)

    (written,) = graph_server.office.messages(US, "Drafts")
    assert len(list(written.iter_attachments())) == 1
