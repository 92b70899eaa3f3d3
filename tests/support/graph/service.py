"""The fake of Microsoft Graph's mail API. docs/GRAPH.md says what it models and what it does not."""

import asyncio
import base64
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.support.graph.answers import Refusal, bad_request, throttled
from tests.support.graph.calls import Call, Calls
from tests.support.graph.faults import Strike
from tests.support.graph.identity import Identity
from tests.support.graph.office import Office
from tests.support.graph.throttle import Throttle
from tests.support.graph.uploads import Uploads

_DENIED = "Access is denied. Check credentials and try again."
_RAOP = "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings."


class GraphService:
    """One tenant's Graph. `log` lists method and path of every request that came."""

    def __init__(self, identity: Identity, office: Office) -> None:
        self.identity, self.office = identity, office
        self.uploads = Uploads()
        self.throttles: dict[str, Throttle] = {}
        self.log: list[tuple[str, str]] = []
        self.base = ""
        self._calls = Calls(office, self.uploads)
        every = ["GET", "POST", "PATCH", "PUT", "DELETE"]
        self.app = Starlette(
            routes=[
                *identity.routes(),
                Route("/upload/{key}", self._upload, methods=["GET", "PUT", "DELETE"]),
                Route("/v1.0/{path:path}", self._graph, methods=every),
            ]
        )

    def throttle(self, mailbox: str) -> Throttle:
        return self.throttles.setdefault(mailbox.casefold(), Throttle())

    async def _graph(self, request: Request) -> Response:
        return await self._answer(request, self._work)

    async def _upload(self, request: Request) -> Response:
        return await self._answer(request, self._work_on_upload)

    async def _answer(self, request: Request, work: Callable[[Request, bytes], Awaitable[Response]]) -> Response:
        """Do the work between the faults that come before it and those after."""
        path = request.url.path
        self.log.append((request.method, path))
        ids = (str(uuid.uuid4()), request.headers.get("client-request-id") or str(uuid.uuid4()))
        content = await request.body()
        try:
            if strike := self._strike(request, after_the_effect=False):
                response = _struck(strike, ids)
            else:
                response = await work(request, content)
                if strike := self._strike(request, after_the_effect=True):
                    response = _struck(strike, ids)
        except Refusal as refusal:
            response = refusal.response(*ids)
        response.headers["request-id"], response.headers["client-request-id"] = ids
        return response

    def _strike(self, request: Request, *, after_the_effect: bool) -> Strike | None:
        faults, path = self.office.faults, request.url.path
        if request.method == "POST" and path.endswith("/send"):
            drops = "drops_after_delivery" if after_the_effect else "drops_before_delivery"
            if faults.strikes(drops):
                return Strike(method="POST", path=path)
        return faults.hit(request.method, path, after_the_effect=after_the_effect)

    async def _work(self, request: Request, content: bytes) -> Response:
        self.office.settle()
        claims = self._claims(request)
        address, parts = self._address(request, claims)
        with self.throttle(address).request(len(content)):
            await asyncio.sleep(self.office.faults.delay)
            self._permit(claims, address, request.method, parts)
            box = self.office.boxes.get(address.casefold())
            if box is None:
                raise Refusal(404, "ErrorInvalidUser", f"The requested user '{address}' is invalid.")
            if request.method == "POST" and parts[-1:] == ["send"] and self.office.faults.strikes("deferrals"):
                raise throttled("Application is over its MessageRate limit.", self.throttle(address).retry_after)
            prefer = request.headers.get("prefer", "")
            call = Call(
                method=request.method,
                parts=parts,
                query=dict(request.query_params),
                body=_document(request, content),
                mime=content if request.headers.get("content-type", "").startswith("text/plain") else None,
                box=box,
                base=self.base,
                address=f"{self.base}{request.url.path}",
                immutable='IdType="ImmutableId"' in prefer,
                text='outlook.body-content-type="text"' in prefer,
                page=_page_size(prefer),
            )
            return self._calls.answer(call)

    async def _work_on_upload(self, request: Request, content: bytes) -> Response:
        key = request.path_params["key"]
        session = self.uploads.sessions.get(key)
        address = session.box.address if session else ""
        with self.throttle(address).request(len(content)):
            if request.method == "GET":
                return self.uploads.status(key)
            if request.method == "DELETE":
                return self.uploads.cancel(key)
            headers = request.headers
            content_range = headers.get("content-range", "")
            return self.uploads.put(key, headers.get("authorization"), content_range, content, self.base)

    def _claims(self, request: Request) -> Mapping[str, Any]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise Refusal(401, "InvalidAuthenticationToken", "Access token is empty.")
        claims = self.identity.claims_of(token)
        if claims is None:
            wanted = base64.b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"1"}}}').decode()
            header = f'Bearer realm="", authorization_uri="{self.base}/common/oauth2/authorize", error="insufficient_claims", claims="{wanted}"'  # noqa: E501
            text = "Lifetime validation failed, the token is expired."
            raise Refusal(401, "InvalidAuthenticationToken", text, {"WWW-Authenticate": header})
        if claims["aud"] != self.base:
            raise Refusal(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
        return claims

    def _address(self, request: Request, claims: Mapping[str, Any]) -> tuple[str, list[str]]:
        parts = [unquote(part) for part in request.path_params["path"].split("/")]
        if parts[0] == "me":
            if "upn" not in claims:
                raise bad_request("/me request is only valid with delegated authentication flow.")
            return claims["upn"], parts[1:]
        if parts[0] != "users" or len(parts) < 2:
            raise bad_request(f"Resource not found for the segment '{parts[0]}'.")
        return parts[1], parts[2:]

    def _permit(self, claims: Mapping[str, Any], address: str, method: str, parts: list[str]) -> None:
        granted = set(claims.get("roles") or str(claims.get("scp", "")).split())
        if "upn" in claims and claims["upn"].casefold() != address.casefold():
            raise Refusal(403, "ErrorAccessDenied", _DENIED)
        if address.casefold() in {one.casefold() for one in self.office.faults.forbidden_mailboxes}:
            raise Refusal(403, "ErrorAccessDenied", _RAOP)
        sends = method == "POST" and parts[-1:] and parts[-1] in {"send", "sendMail", "reply", "replyAll", "forward"}
        reads = method == "GET"
        enough = {"Mail.Send"} if sends else {"Mail.Read", "Mail.ReadWrite"} if reads else {"Mail.ReadWrite"}
        if not granted & enough:
            raise Refusal(403, "ErrorAccessDenied", _DENIED)


def _document(request: Request, content: bytes) -> Mapping[str, Any]:
    if not content or "json" not in request.headers.get("content-type", ""):
        return {}
    try:
        document = json.loads(content)
    except ValueError as error:
        raise bad_request("Unable to read JSON request payload.") from error
    return document if isinstance(document, dict) else {}


def _page_size(prefer: str) -> int:
    _, found, size = prefer.partition("odata.maxpagesize=")
    return int(size.split(",")[0]) if found else 10


def _struck(strike: Strike, ids: tuple[str, str]) -> Response:
    if strike.status is None:
        return _Cut()
    text = "The service is unavailable." if strike.status >= 500 else "The request was refused."
    code = {429: "TooManyRequests", 503: "ServiceUnavailable", 504: "GatewayTimeout"}.get(strike.status, "UnknownError")
    headers = {} if strike.retry_after is None else {"Retry-After": f"{strike.retry_after:g}"}
    return Refusal(strike.status, code, text, headers).response(*ids)


class _Cut(StreamingResponse):
    """Promises more than it sends, so the server has to close the connection in the middle of the answer."""

    def __init__(self) -> None:
        super().__init__(iter([b"{"]), 200, headers={"Content-Length": "1000"})
