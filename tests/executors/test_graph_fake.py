"""The fake of Graph refuses what the service refuses, so that what passes against it may pass there."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.support.graph.identity import CLIENT, SECRET
from tests.support.graph.server import GraphServer

pytestmark = pytest.mark.integration
US, ANNA = "cpa@example.com", "anna@example.com"
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}


@pytest.fixture
def graph(graph_server: GraphServer) -> Iterator[httpx.Client]:
    """A client with a token of the app, in our mailbox."""
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
    form["scope"] = f"{graph_server.base}/.default"
    tenant = f"{graph_server.base}/{graph_server.tenant}"
    token = httpx.post(f"{tenant}/oauth2/v2.0/token", data=form, verify=graph_server.tls).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    base = f"{graph_server.base}/v1.0/users/{US}/"
    with httpx.Client(base_url=base, headers=headers, verify=graph_server.tls) as client:
        yield client


def a_message(**parts: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"subject": "Hallo", "toRecipients": [{"emailAddress": {"address": ANNA}}], **parts}


def error_of(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert error["innerError"]["request-id"] == answer.headers["request-id"]
    return answer.status_code, error["code"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"$search": '"Hallo"', "$orderby": "receivedDateTime"}, "SearchWithOrderBy"),
        ({"$search": '"Hallo"', "$filter": "isRead eq false"}, "SearchWithFilter"),
        ({"$search": "Hallo"}, "BadRequest"),
        ({"$filter": "isRead eq false", "$orderby": "receivedDateTime desc"}, "InefficientFilter"),
        ({"$filter": "isRead = false"}, "ErrorInvalidUrlQueryFilter"),
        ({"$filter": "contains(from/emailAddress/address, 'anna')"}, "ErrorInvalidUrlQueryFilter"),
        ({"$filter": "farbe eq 'rot'"}, "BadRequest"),
        ({"$select": "farbe"}, "BadRequest"),
        ({"$top": "1001"}, "ErrorInvalidParameter"),
    ],
)
def test_queries_that_the_service_does_not_take_are_refused(
    graph: httpx.Client, query: dict[str, str], code: str
) -> None:
    graph.post("messages", json=a_message())

    assert error_of(graph.get("messages", params=query)) == (400, code)


def test_headers_must_begin_with_x_and_come_with_the_draft(graph: httpx.Client) -> None:
    header = [{"name": "Received", "value": "gestern"}]
    draft = graph.post("messages", json=a_message()).json()["id"]

    forged = graph.post("messages", json=a_message(internetMessageHeaders=header))
    late = graph.patch(f"messages/{draft}", json={"internetMessageHeaders": [{"name": "x-spät", "value": "1"}]})

    assert error_of(forged) == (400, "InvalidInternetMessageHeader")
    assert error_of(late) == (400, "ErrorInvalidPropertySet")


def test_an_id_changes_when_the_mail_is_moved_unless_it_is_an_immutable_one(graph: httpx.Client) -> None:
    plain = graph.post("messages", json=a_message()).json()["id"]
    stable = graph.post("messages", json=a_message(), headers=IMMUTABLE).json()["id"]

    moved = graph.post(f"messages/{plain}/move", json={"destinationId": "archive"}).json()["id"]
    kept = graph.post(f"messages/{stable}/move", json={"destinationId": "archive"}, headers=IMMUTABLE).json()["id"]

    assert moved != plain
    assert error_of(graph.get(f"messages/{plain}")) == (404, "ErrorItemNotFound")
    assert kept == stable


def test_a_draft_that_was_sent_keeps_its_immutable_id(graph: httpx.Client) -> None:
    draft = graph.post("messages", json=a_message(), headers=IMMUTABLE).json()["id"]

    graph.post(f"messages/{draft}/send").raise_for_status()

    assert graph.get(f"mailFolders/sentitems/messages/{draft}").json()["isDraft"] is False
    assert error_of(graph.post(f"messages/{draft}/send")) == (400, "ErrorInvalidOperation")


@pytest.mark.parametrize(
    ("send_range", "headers", "status"),
    [
        ("bytes 10-19/4000000", {}, 416),
        ("bytes 0-9/5", {}, 400),
        ("bytes 0-8/4000000", {}, 400),
        ("", {}, 400),
        ("bytes 0-9/4000000", {"Authorization": "Bearer x"}, 401),
    ],
    ids=["gap", "total", "length", "none", "token"],
)
def test_upload_ranges_must_fit(
    graph: httpx.Client, graph_server: GraphServer, send_range: str, headers: dict[str, str], status: int
) -> None:
    draft = graph.post("messages", json=a_message()).json()["id"]
    item = {"AttachmentItem": {"attachmentType": "file", "name": "a.bin", "size": 4_000_000}}
    session = graph.post(f"messages/{draft}/attachments/createUploadSession", json=item).json()

    answer = httpx.put(
        session["uploadUrl"],
        content=bytes(10),
        headers={"Content-Range": send_range, **headers},
        verify=graph_server.tls,
    )

    assert session["nextExpectedRanges"] == ["0-"]
    assert answer.status_code == status


def test_files_of_three_megabytes_need_an_upload_and_smaller_ones_do_not_get_one(graph: httpx.Client) -> None:
    draft = graph.post("messages", json=a_message()).json()["id"]
    large = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.bin", "contentBytes": "AAAA" * 1_000_000}
    small = {"AttachmentItem": {"attachmentType": "file", "name": "a.bin", "size": 1000}}

    assert graph.post(f"messages/{draft}/attachments", json=large).status_code == 413
    assert graph.post(f"messages/{draft}/attachments/createUploadSession", json=small).status_code == 400


def test_delta_tells_what_came_and_went_page_by_page_and_forgets(
    graph: httpx.Client, graph_server: GraphServer
) -> None:
    ids = [graph.post("messages", json=a_message(), headers=IMMUTABLE).json()["id"] for _ in range(3)]
    pages = {"Prefer": 'odata.maxpagesize=2, IdType="ImmutableId"'}
    first = graph.get("mailFolders/drafts/messages/delta", headers=pages).json()
    rest = graph.get(first["@odata.nextLink"], headers=pages).json()
    graph.delete(f"messages/{ids[0]}").raise_for_status()

    changes = graph.get(rest["@odata.deltaLink"], headers=pages).json()["value"]
    graph_server.office.boxes[US].sync_states.clear()
    forgotten = graph.get(rest["@odata.deltaLink"])

    assert [mail["id"] for mail in (*first["value"], *rest["value"])] == ids
    assert changes == [{"@removed": {"reason": "deleted"}, "id": ids[0]}]
    assert error_of(forgotten) == (410, "SyncStateNotFound")


@pytest.mark.parametrize(
    ("how", "subject", "to"),
    [("reply", "RE: Frage", [ANNA]), ("replyAll", "RE: Frage", [ANNA]), ("forward", "FW: Frage", ["bert@example.com"])],
)
def test_answers_quote_and_are_filed(
    graph: httpx.Client, graph_server: GraphServer, how: str, subject: str, to: list[str]
) -> None:
    annas = str(graph.base_url).replace(US, ANNA)
    question = {"message": a_message(subject="Frage", toRecipients=[{"emailAddress": {"address": US}}])}
    graph.post(f"{annas}sendMail", json=question).raise_for_status()
    (asked,) = graph.get("mailFolders/inbox/messages").json()["value"]

    body = {"comment": "Gern.", "toRecipients": [{"emailAddress": {"address": one}} for one in to]}
    graph.post(f"messages/{asked['id']}/{how}", json=body).raise_for_status()

    (sent,) = graph_server.office.messages(US, "Sent")
    assert sent["Subject"] == subject
    assert [address.addr_spec for address in sent["To"].addresses] == to
    assert "Gern." in str(sent.get_body())


def test_a_mail_to_nobody_in_the_house_comes_back_as_a_report(graph: httpx.Client, graph_server: GraphServer) -> None:
    nobody = a_message(toRecipients=[{"emailAddress": {"address": "niemand@example.com"}}])

    assert graph.post("sendMail", json={"message": nobody, "saveToSentItems": False}).status_code == 202

    (report,) = graph_server.office.messages(US)
    assert report["Subject"] == "Undeliverable: Hallo"
    assert graph_server.office.messages(US, "Sent") == []


@pytest.mark.parametrize(
    ("ask", "status", "code"),
    [
        (lambda graph: graph.get("messages", headers={"Authorization": ""}), 401, "InvalidAuthenticationToken"),
        (lambda graph: graph.get("messages", headers={"Authorization": "Bearer x"}), 401, "InvalidAuthenticationToken"),
        (lambda graph: graph.get(f"{graph.base_url}".split("users")[0] + "me/messages"), 400, "BadRequest"),
        (lambda graph: graph.get("messages/AAMkNichts"), 404, "ErrorItemNotFound"),
        (lambda graph: graph.get("mailFolders/nirgends/messages"), 404, "ErrorItemNotFound"),
        (lambda graph: graph.get("kalender"), 400, "BadRequest"),
        (
            lambda graph: graph.post("messages", json=a_message(subject="x" * 256)),
            400,
            "ErrorPropertyValidationFailure",
        ),
    ],
)
def test_what_is_not_there_or_not_allowed_is_refused(
    graph: httpx.Client, ask: Callable[[httpx.Client], httpx.Response], status: int, code: str
) -> None:
    assert error_of(ask(graph)) == (status, code)


def test_the_ids_of_a_request_come_back(graph: httpx.Client) -> None:
    answer = graph.get("mailFolders/inbox", headers={"client-request-id": "unsere"})

    assert answer.headers["client-request-id"] == "unsere"
    assert answer.headers["request-id"]
