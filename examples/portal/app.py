"""The pages of the portal: log in, list and search, download, log out."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from fastapi import Cookie, FastAPI, Form, HTTPException, Request, Response, status
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from examples.portal.documents import attachment, invoice_pdf
from examples.portal.faults import PortalFaults
from examples.portal.invoices import InvoiceBook, example_invoices, in_german
from examples.portal.sessions import Sessions

_HERE = Path(__file__).parent
_COOKIE = "portal_session"
_HALF = "portal_half"  # the session of somebody whose second factor is still open
_PAGE_NUMBER = re.compile(r"[0-9]{1,6}")
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}

Token = Annotated[str | None, Cookie(alias=_COOKIE)]
HalfToken = Annotated[str | None, Cookie(alias=_HALF)]


def create_portal(users: Mapping[str, str], faults: PortalFaults | None = None) -> FastAPI:
    """Return a portal for these user names and passwords. Its sessions live and end with it."""
    pages = _Pages(Sessions(users), InvoiceBook(example_invoices()), faults or PortalFaults())
    app = FastAPI(title="Lieferantenportal", openapi_url=None)
    for method, path, page in (
        ("GET", "/", pages.start),
        ("GET", "/login", pages.show_login),
        ("POST", "/login", pages.log_in),
        ("GET", "/code", pages.show_code),
        ("POST", "/code", pages.check_code),
        ("POST", "/logout", pages.log_out),
        ("GET", "/invoices", pages.list_invoices),
        ("GET", "/invoices/{number}/pdf", pages.download),
    ):
        app.add_api_route(path, page, methods=[method], response_model=None)
    app.mount("/static", StaticFiles(directory=_HERE / "static"))
    return app


class _Pages:
    def __init__(self, sessions: Sessions, invoices: InvoiceBook, faults: PortalFaults) -> None:
        self._sessions = sessions
        self._invoices = invoices
        self._faults = faults
        environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined
        )
        environment.filters["german"] = in_german
        self._templates = Jinja2Templates(env=environment)

    async def start(self) -> Response:
        return _go_to("/invoices")

    async def show_login(self, request: Request) -> Response:
        return self._page(request, "login.html", user=None, username="", refused=False)

    async def log_in(
        self, request: Request, username: Annotated[str, Form()] = "", password: Annotated[str, Form()] = ""
    ) -> Response:
        token = self._sessions.open(username, password)
        if token is None:
            page = self._page(request, "login.html", user=None, username=username, refused=True)
            page.status_code = status.HTTP_403_FORBIDDEN
            return page
        if self._faults.code:
            response = _go_to("/code")
            response.set_cookie(_HALF, token, httponly=True, samesite="lax")
            return response
        return _welcome(token)

    async def show_code(self, request: Request) -> Response:
        return self._page(request, "code.html", user=None, refused=False)

    async def check_code(
        self,
        request: Request,
        code: Annotated[str, Form()] = "",
        token: Annotated[str | None, Cookie(alias=_HALF)] = None,
    ) -> Response:
        if token is None or self._sessions.user(token) is None or code != self._faults.code:
            page = self._page(request, "code.html", user=None, refused=True)
            page.status_code = status.HTTP_403_FORBIDDEN
            return page
        return _welcome(token)

    async def log_out(self, token: Token = None) -> Response:
        self._sessions.close(token)
        response = _go_to("/login")
        response.delete_cookie(_COOKIE, httponly=True, samesite="lax")
        return response

    async def list_invoices(self, request: Request, q: str = "", page: str = "1", token: Token = None) -> Response:
        user = self._signed_in(request, token)
        number = int(page) if _PAGE_NUMBER.fullmatch(page) else 1
        return self._page(request, "invoices.html", user=user, query=q.strip(), page=self._invoices.page(number, q))

    async def download(self, request: Request, number: str, token: Token = None) -> Response:
        user = self._signed_in(request, token)
        invoice = self._invoices.get(number)
        if invoice is None:
            page = self._page(request, "missing.html", user=user, number=number)
            page.status_code = status.HTTP_404_NOT_FOUND
            return page
        headers = _HEADERS | {"Content-Disposition": attachment(invoice.file_name)}
        return Response(invoice_pdf(invoice), media_type="application/pdf", headers=headers)

    def _signed_in(self, request: Request, token: str | None) -> str:
        asked = f"{request.method} {request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
        if self._faults.expired[asked] > 0:
            self._faults.expired[asked] -= 1
            self._sessions.close(token)
        user = self._sessions.user(token)
        if user is None:
            raise HTTPException(status.HTTP_303_SEE_OTHER, headers={"Location": "/login"})
        return user

    def _page(self, request: Request, template: str, **values: object) -> HTMLResponse:
        return self._templates.TemplateResponse(request, template, values | {"faults": self._faults}, headers=_HEADERS)


def _welcome(token: str) -> RedirectResponse:
    response = _go_to("/invoices")
    response.set_cookie(_COOKIE, token, httponly=True, samesite="lax")
    return response


def _go_to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status.HTTP_303_SEE_OTHER, headers=_HEADERS)
