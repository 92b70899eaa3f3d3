"""The example portal, as a browser without scripts would use it."""

import asyncio
import hashlib
import io
import os
import re
import sys
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote

import httpx
import pytest
from pypdf import PdfReader

from examples.portal import PortalServer, create_portal
from examples.portal.documents import attachment, invoice_pdf
from examples.portal.invoices import PAGE_SIZE, InvoiceBook, example_invoices

pytestmark = pytest.mark.component

USER, PASSWORD = "jürgen", "geheim-ß"


@pytest.fixture
def visitor() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(create_portal({USER: PASSWORD})), base_url="http://portal")


@pytest.fixture
async def customer(visitor: httpx.AsyncClient) -> httpx.AsyncClient:
    await _log_in(visitor, PASSWORD)
    return visitor


async def _log_in(client: httpx.AsyncClient, password: str) -> httpx.Response:
    return await client.post("/login", data={"username": USER, "password": password})


def _numbers(page: httpx.Response) -> list[str]:
    return re.findall(r'aria-label="Rechnung (\d+) herunterladen"', page.text)


def _file_name(disposition: str) -> str:
    """Return the name as a browser reads it: `filename*` comes before `filename`."""
    extended = re.fullmatch(r"attachment; filename=\"[^\"\\]*\"; filename\*=UTF-8''([!-~]+)", disposition)
    assert extended, disposition
    return unquote(extended[1], errors="strict")


@pytest.mark.parametrize("path", ["/invoices", "/invoices/4711/pdf"])
async def test_who_is_not_logged_in_is_sent_to_the_login_page(visitor: httpx.AsyncClient, path: str) -> None:
    response = await visitor.get(path)

    assert response.status_code == 303
    assert response.headers["Location"] == "/login"


async def test_the_login_page_has_labelled_fields(visitor: httpx.AsyncClient) -> None:
    page = await visitor.get("/login")

    assert '<label for="username">Benutzername</label>' in page.text
    assert '<label for="password">Passwort</label>' in page.text
    assert ">Anmelden</button>" in page.text
    assert "Abmelden" not in page.text


async def test_login_opens_a_session_that_scripts_and_other_sites_cannot_use(visitor: httpx.AsyncClient) -> None:
    response = await _log_in(visitor, PASSWORD)

    assert response.headers["Location"] == "/invoices"
    cookie = response.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "Abmelden" in (await visitor.get("/invoices")).text


@pytest.mark.parametrize(
    "form",
    [
        {"username": USER, "password": "falsch"},
        {"username": "niemand", "password": PASSWORD},
        {"username": USER, "password": ""},
        {},
    ],
)
async def test_wrong_credentials_are_refused_in_words(visitor: httpx.AsyncClient, form: dict[str, str]) -> None:
    response = await visitor.post("/login", data=form)

    assert response.url.path == "/login"
    assert re.search(r'role="alert">Benutzername oder Passwort ist falsch\.<', response.text)
    assert "Set-Cookie" not in response.headers


async def test_after_logging_out_the_session_is_gone_for_good(customer: httpx.AsyncClient) -> None:
    token = customer.cookies["portal_session"]

    await customer.post("/logout")

    customer.cookies.set("portal_session", token)
    assert (await customer.get("/invoices")).headers["Location"] == "/login"


async def test_following_weiter_shows_every_invoice_once(customer: httpx.AsyncClient) -> None:
    seen, address = [], "/invoices"
    while address:
        page = await customer.get(address)
        seen += _numbers(page)
        link = re.search(r'<a href="([^"]+)" rel="next">Weiter</a>', page.text)
        address = unescape(link[1]) if link else ""

    assert len(seen) == len(set(seen)) >= 60
    assert "4711" in seen
    assert ">Zurück</a>" in page.text


async def test_the_search_finds_a_number(customer: httpx.AsyncClient) -> None:
    page = await customer.get("/invoices", params={"q": "4711"})

    assert _numbers(page) == ["4711"]
    assert "Müller &amp; Söhne" in page.text
    assert 'value="4711"' in page.text


@pytest.mark.parametrize("query", ["müller", "MÜLLER & SÖHNE", "mu\u0308ller", " weiß ", "WEISS", "😊", "Bodensee"])
async def test_the_search_finds_suppliers_however_they_are_typed(customer: httpx.AsyncClient, query: str) -> None:
    page = await customer.get("/invoices", params={"q": query})

    assert _numbers(page)


async def test_the_search_stays_while_turning_pages(customer: httpx.AsyncClient) -> None:
    first = await customer.get("/invoices", params={"q": "&"})

    link = re.search(r'<a href="([^"]+)" rel="next">', first.text)

    assert link
    second = await customer.get(unescape(link[1]))
    assert len(_numbers(first)) == PAGE_SIZE
    assert _numbers(second)
    assert all(supplier.count("&amp;") for supplier in re.findall(r'class="supplier">([^<]+)<', second.text))


async def test_an_empty_result_is_said(customer: httpx.AsyncClient) -> None:
    page = await customer.get("/invoices", params={"q": "9999"})

    assert "Keine Rechnungen gefunden" in page.text
    assert not _numbers(page)


async def test_what_is_searched_cannot_become_markup(customer: httpx.AsyncClient) -> None:
    page = await customer.get("/invoices", params={"q": '"><script>alert(1)</script>'})

    assert "<script" not in page.text


@pytest.mark.parametrize("page", ["0", "-1", "999999", "zwei", "9" * 5000, ""])
async def test_a_page_that_does_not_exist_is_replaced_by_one_that_does(customer: httpx.AsyncClient, page: str) -> None:
    response = await customer.get("/invoices", params={"page": page})

    assert response.status_code == 200
    assert _numbers(response)


async def test_the_pdf_says_what_the_list_says(customer: httpx.AsyncClient) -> None:
    response = await customer.get("/invoices/4711/pdf")

    text = PdfReader(io.BytesIO(response.content)).pages[0].extract_text()
    amount = re.search(r'amount">([\d.,]+)&nbsp;€', (await customer.get("/invoices?q=4711")).text)
    assert response.headers["Content-Type"] == "application/pdf"
    assert _file_name(response.headers["Content-Disposition"]) == "Rechnung 4711 Müller & Söhne.pdf"
    assert amount
    assert {"4711", "Müller", "Söhne", amount[1]} <= set(text.split())


async def test_an_invoice_that_does_not_exist_is_named(customer: httpx.AsyncClient) -> None:
    response = await customer.get("/invoices/9999/pdf")

    assert response.status_code == 404
    assert "Die Rechnung 9999 gibt es nicht." in response.text


def test_the_same_invoice_gives_the_same_bytes_and_no_other_does() -> None:
    digests = [hashlib.sha256(invoice_pdf(invoice)).hexdigest() for invoice in example_invoices()]

    again = [hashlib.sha256(invoice_pdf(invoice)).hexdigest() for invoice in example_invoices()]

    assert again == digests
    assert len(set(digests)) == len(digests)


def test_the_pdf_keeps_names_that_its_font_cannot_show() -> None:
    invoice = InvoiceBook(example_invoices()).page(1, "😊").invoices[0]

    reader = PdfReader(io.BytesIO(invoice_pdf(invoice)))

    assert reader.metadata
    assert reader.metadata.subject == "Blumenhaus 😊 Grünwald"
    assert "Blumenhaus Grünwald" in reader.pages[0].extract_text()


@pytest.mark.parametrize("name", ['Größe "5%" \\ 😊.pdf', "a\r\nSet-Cookie: b.pdf", "x" * 300])
def test_the_download_header_carries_any_name_and_nothing_else(name: str) -> None:
    header = attachment(name)

    assert _file_name(header) == name
    assert header.isascii()
    assert header.isprintable()


def test_old_clients_get_umlauts_as_germans_write_them_in_ascii() -> None:
    header = attachment("Rechnung 4711 Müller & Söhne.pdf")

    assert 'filename="Rechnung 4711 Mueller & Soehne.pdf"' in header


@pytest.fixture
def server() -> Iterator[PortalServer]:
    with PortalServer({USER: PASSWORD}) as running:
        yield running


@pytest.mark.integration
def test_a_server_runs_on_a_free_port_and_counts_its_downloads(server: PortalServer) -> None:
    with httpx.Client(base_url=server.url, follow_redirects=True) as client:
        page = client.post("/login", data={"username": USER, "password": PASSWORD})
        client.get("/invoices/4711/pdf")
        client.get("/invoices/9999/pdf")

    assert "Rechnungen" in page.text
    assert server.downloads == {"4711": 1}
    assert server.requests == 4


@pytest.mark.integration
def test_a_server_is_gone_when_its_block_ends() -> None:
    with PortalServer({USER: PASSWORD}) as first, PortalServer({USER: PASSWORD}) as second:
        urls = [first.url, second.url]
        answers = [httpx.get(f"{url}/login").status_code for url in urls]

    assert answers == [200, 200]
    for url in urls:
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)


@pytest.mark.integration
async def test_it_runs_as_a_program_until_it_is_told_to_stop() -> None:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "examples.portal", "--port", "0", "--user", USER),
        env=os.environ | {"PORTAL_PASSWORD": PASSWORD},
        stdout=asyncio.subprocess.PIPE,
    )
    assert program.stdout
    async with asyncio.timeout(30):
        url = (await program.stdout.readline()).decode().split()[-1]
        async with httpx.AsyncClient(base_url=url) as client:
            answer = await _log_in(client, PASSWORD)
        program.terminate()
        rest, _ = await program.communicate()

    assert answer.headers["Location"] == "/invoices"
    assert rest == b""
    assert program.returncode == 0
