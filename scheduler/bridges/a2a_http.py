"""The A2A agent at the API's address: its card, JSON-RPC at `/a2a`, and HTTP+JSON at `/a2a/rest`."""

from collections.abc import Iterable
from typing import Final

from a2a.server.context import ServerCallContext
from a2a.server.routes import create_jsonrpc_routes, create_rest_routes
from a2a.server.routes.common import ServerCallContextBuilder
from a2a.types import (
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    AgentSkill,
    HTTPAuthSecurityScheme,
    SecurityRequirement,
    SecurityScheme,
    StringList,
)
from a2a.utils.signing import ProtectedHeader, create_agent_card_signer
from google.protobuf.json_format import MessageToDict
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from scheduler.bridges.a2a_handler import A2aHandler
from scheduler.bridges.desk import desk_here
from scheduler.core.intents import UNKNOWN, Intent
from scheduler.security.lam_signatures import SigningKey

PATH: Final = "/a2a"
KEYS: Final = "/.well-known/jwks.json"
_ALGORITHM: Final = "EdDSA"
_GRACE: Final = 2.0  # seconds that open streams get when the service stops
_DESCRIPTION: Final = """Carries out office work: a sentence in German or English becomes a plan, the plan a durable
job, the job verified work in a browser, in mail, files and calendars. Asks when something is missing."""


class A2aOverHttp:
    """Serves both bindings, of version 1.0 and (JSON-RPC) of 0.3."""

    def __init__(self, app: ASGIApp) -> None:
        handler, callers = A2aHandler(lambda headers: desk_here(app, headers)), _Callers()
        rpc = create_jsonrpc_routes(
            handler, PATH, context_builder=callers, enable_v0_3_compat=True, shutdown_grace_period=_GRACE
        )
        rest = create_rest_routes(
            handler, context_builder=callers, path_prefix=f"{PATH}/rest", shutdown_grace_period=_GRACE
        )
        self._router = Router([*rpc, *(route for route in rest if isinstance(route, Route))])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._router(scope, receive, send)


class _Callers(ServerCallContextBuilder):
    """Says who calls, and under which address."""

    def build(self, request: Request) -> ServerCallContext:
        headers = dict(request.headers)
        return ServerCallContext(state={"headers": headers, "base": base_of(request)})


class CardOverHttp:
    """Tells everybody what the agent is and can do."""

    def __init__(self, app: ASGIApp) -> None:
        """Take what every bridge takes; the card comes from the services of the request."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        services = request.app.state.services
        card = make_card(
            base_of(request), services.planner.intents, with_key=bool(services.settings.api.tenant_keys), version="1"
        )
        signed = sign_card(card, services.agents.key, base_of(request))
        answer = JSONResponse(MessageToDict(signed), headers={"Cache-Control": "max-age=300"})
        await answer(scope, receive, send)


class KeysOverHttp:
    """Tells everybody the key by which the card is signed, as a JSON Web Key Set (RFC 7517)."""

    def __init__(self, app: ASGIApp) -> None:
        """Take what every bridge takes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key: SigningKey = Request(scope).app.state.services.agents.key
        told = {**key.public.model_dump(), "kid": key.kid, "use": "sig", "alg": _ALGORITHM}
        await JSONResponse({"keys": [told]}, headers={"Cache-Control": "max-age=300"})(scope, receive, send)


def sign_card(card: AgentCard, key: SigningKey, base: str) -> AgentCard:
    """Return the card with our signature, which says where the key is to be found."""
    header = ProtectedHeader(kid=key.kid, alg=_ALGORITHM, jku=f"{base}{KEYS}", typ="JOSE")
    # the library passes the key on to one that takes it, but its types do not say so
    return create_agent_card_signer(key.private, header)(card)  # type: ignore[arg-type]


def make_card(base: str, intents: Iterable[Intent], *, with_key: bool, version: str) -> AgentCard:
    """Return the card; every intent is a skill."""
    bindings = (("JSONRPC", "1.0", PATH), ("HTTP+JSON", "1.0", f"{PATH}/rest"), ("JSONRPC", "0.3", PATH))
    card = AgentCard(
        name="CPA",
        description=" ".join(_DESCRIPTION.split()),
        version=version,
        supported_interfaces=[
            AgentInterface(url=f"{base}{path}", protocol_binding=binding, protocol_version=spoken)
            for binding, spoken, path in bindings
        ],
        capabilities=AgentCapabilities(streaming=True, push_notifications=False),
        default_input_modes=["text/plain", "application/json"],
        default_output_modes=["text/plain", "application/json"],
        skills=[_skill(intent) for intent in intents if intent.name != UNKNOWN],
    )
    if with_key:
        bearer = HTTPAuthSecurityScheme(scheme="bearer", description="The API key of the tenant.")
        card.security_schemes["key"].CopyFrom(SecurityScheme(http_auth_security_scheme=bearer))
        card.security_requirements.append(SecurityRequirement(schemes={"key": StringList()}))
    return card


def base_of(request: Request) -> str:
    """Return the address under which the caller reached this service."""
    return f"{request.url.scheme}://{request.url.netloc}"


def _skill(intent: Intent) -> AgentSkill:
    examples = [example for locale in ("en", "de") for example in intent.examples.get(locale, [])[:2]]
    words = intent.description.get("en") or intent.description.get("de") or intent.name.replace("_", " ")
    tags = sorted({todo.action.partition(".")[0] for todo in intent.task_template})
    return AgentSkill(
        id=intent.name,
        name=intent.name.replace("_", " "),
        description=words,
        tags=tags or ["office"],
        examples=examples,
    )
