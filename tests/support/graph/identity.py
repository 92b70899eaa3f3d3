"""The fake of Microsoft Entra: discovery, tokens for a secret, certificate or device code. Real MSAL talks to it."""

import base64
import json
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.x509 import Certificate
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TENANT = "5f0c8d1e-0000-4000-8000-00000000c0de"
CLIENT, SECRET = "11111111-0000-4000-8000-00000000000a", "geheimes Wort des Programms"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
_KEY = secrets.token_hex(32)


@dataclass
class App:
    """An app registration. `roles` are the application permissions an administrator has consented to."""

    client_id: str
    secret: str = ""
    certificate: Certificate | None = None
    roles: tuple[str, ...] = ("Mail.ReadWrite", "Mail.Send")
    scopes: tuple[str, ...] = ("Mail.ReadWrite", "Mail.Send", "User.Read")
    secret_expired: bool = False


@dataclass
class DeviceFlow:
    app: App
    scope: str
    expires: float
    user: str | None = None
    declined: bool = False
    last_asked: float = 0.0


class Denial(Exception):  # noqa: N818 - an answer of the service, not an error of ours
    def __init__(self, status: int, error: str, description: str, number: int) -> None:
        super().__init__(description)
        self.status, self.error, self.description, self.number = status, error, description, number


@dataclass
class Identity:
    """One tenant. `lifetime` is of the tokens it gives from now on, in seconds; `interval` of asking for a device."""

    base: str = ""
    apps: dict[str, App] = field(default_factory=dict)
    flows: dict[str, DeviceFlow] = field(default_factory=dict)
    refresh_tokens: dict[str, tuple[App, str]] = field(default_factory=dict)
    revoked_up_to: int = 0
    lifetime: float = 3600
    interval: int = 1
    device_lifetime: float = 900
    slow_downs: int = 0
    issued: int = 0
    signs_in: str | None = None
    """Who enters every device code at once."""
    unavailable: int = 0
    """Token requests that are answered 503."""

    def routes(self) -> list[Route]:
        return [
            Route("/common/discovery/instance", self._instance),
            Route("/{tenant}/v2.0/.well-known/openid-configuration", self._configuration),
            Route("/{tenant}/oauth2/v2.0/devicecode", self._device, methods=["POST"]),
            Route("/{tenant}/oauth2/v2.0/token", self._token, methods=["POST"]),
        ]

    def approve(self, user_code: str, user: str) -> None:
        """Do what a person does at the verification page."""
        self.flows[user_code].user = user

    def revoke_all(self) -> None:
        """From now on every token given so far is answered 401 with a claims challenge."""
        self.revoked_up_to = self.issued

    def claims_of(self, token: str) -> Mapping[str, Any] | None:
        """Return what a token of ours says; None if it is none or has expired or was revoked."""
        try:
            claims: dict[str, Any] = jwt.decode(token, _KEY, algorithms=["HS256"], options={"verify_aud": False})
        except jwt.PyJWTError:
            return None
        return None if claims["nr"] <= self.revoked_up_to else claims

    async def _instance(self, request: Request) -> Response:
        wanted = request.query_params.get("authorization_endpoint", "")
        if "/invalid/" in wanted:
            return JSONResponse({"error": "invalid_instance"}, 400)
        tenant = wanted.split("://", 1)[-1].split("/")[1] if "://" in wanted else TENANT
        return JSONResponse(
            {
                "tenant_discovery_endpoint": f"{self.base}/{tenant}/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [
                    {"preferred_network": "localhost", "preferred_cache": "localhost", "aliases": ["localhost"]}
                ],
            }
        )

    async def _configuration(self, request: Request) -> Response:
        tenant = request.path_params["tenant"]
        if tenant not in {TENANT, "common", "organizations"}:
            text = f"AADSTS90002: Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
            return JSONResponse({"error": "invalid_tenant", "error_description": text, "error_codes": [90002]}, 400)
        here = f"{self.base}/{tenant}"
        return JSONResponse(
            {
                "issuer": f"{here}/v2.0",
                "authorization_endpoint": f"{here}/oauth2/v2.0/authorize",
                "token_endpoint": f"{here}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{here}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{here}/discovery/v2.0/keys",
            }
        )

    async def _device(self, request: Request) -> Response:
        form = await request.form()
        try:
            app = self._app(str(form.get("client_id")))
        except Denial as denial:
            return _denied(denial)
        code = secrets.token_hex(4).upper()
        expires = time.monotonic() + self.device_lifetime
        self.flows[code] = DeviceFlow(app, str(form.get("scope", "")), expires, user=self.signs_in)
        page = f"{self.base}/devicelogin"
        return JSONResponse(
            {
                "user_code": code,
                "device_code": f"device-{code}",
                "verification_uri": page,
                "expires_in": max(1, round(self.device_lifetime)),
                "interval": self.interval,
                "message": f"To sign in, use a web browser to open {page} and enter the code {code} to authenticate.",
            }
        )

    async def _token(self, request: Request) -> Response:
        if self.unavailable:
            self.unavailable -= 1
            return JSONResponse({"error": "temporarily_unavailable"}, 503)
        form = {key: str(value) for key, value in (await request.form()).items()}
        grants = {
            "client_credentials": self._for_client,
            DEVICE_CODE: self._for_device,
            "refresh_token": self._for_refresh,
        }
        try:
            return JSONResponse(grants.get(form.get("grant_type", ""), self._for_nothing)(form))
        except Denial as denial:
            return _denied(denial)

    def _for_nothing(self, _form: Mapping[str, str]) -> dict[str, Any]:
        raise Denial(400, "unsupported_grant_type", "The app requested an unsupported grant type.", 70003)

    def _for_client(self, form: Mapping[str, str]) -> dict[str, Any]:
        app = self._app(form.get("client_id", ""))
        if form.get("client_assertion_type") == ASSERTION:
            self._check_assertion(app, form["client_assertion"])
        elif app.secret_expired:
            raise Denial(401, "invalid_client", "The provided client secret keys are expired.", 7000222)
        elif not app.secret or form.get("client_secret") != app.secret:
            raise Denial(401, "invalid_client", "Invalid client secret provided.", 7000215)
        scope = form.get("scope", "")
        if not scope.endswith("/.default"):
            raise Denial(400, "invalid_scope", "The scope for client credentials must end with /.default.", 1002012)
        return self._issue(app, scope.removesuffix("/.default"), {"roles": list(app.roles), "idtyp": "app"})

    def _check_assertion(self, app: App, assertion: str) -> None:
        audience = f"{self.base}/{TENANT}/oauth2/v2.0/token"
        if app.certificate is None:
            raise Denial(401, "invalid_client", "The certificate is not registered on the application.", 700027)
        try:
            jwt.decode(
                assertion,
                app.certificate.public_key(),  # type: ignore[arg-type]
                algorithms=["RS256", "PS256"],
                audience=audience,
                issuer=app.client_id,
                options={"require": ["exp", "iss", "sub", "jti", "aud"]},
            )
        except jwt.PyJWTError as error:
            text = f"Client assertion failed signature validation: {error}"
            raise Denial(401, "invalid_client", text, 700027) from error

    def _for_device(self, form: Mapping[str, str]) -> dict[str, Any]:
        flow = self.flows.get(form.get("device_code", "").removeprefix("device-"))
        if flow is None:
            raise Denial(400, "bad_verification_code", "The device_code is not known.", 70018)
        if flow.declined:
            raise Denial(400, "authorization_declined", "The end user has denied the authorization request.", 70020)
        if time.monotonic() > flow.expires:
            raise Denial(400, "expired_token", "The device_code has expired.", 70019)
        if self.slow_downs:
            self.slow_downs -= 1
            raise Denial(400, "slow_down", "The client polls too often.", 70021)
        if flow.user is None:
            raise Denial(400, "authorization_pending", "The end user has not finished authenticating.", 70016)
        return self._for_user(flow.app, flow.user)

    def _for_refresh(self, form: Mapping[str, str]) -> dict[str, Any]:
        known = self.refresh_tokens.get(form.get("refresh_token", ""))
        if known is None:
            raise Denial(400, "invalid_grant", "The refresh token has expired due to inactivity.", 700082)
        return self._for_user(*known)

    def _for_user(self, app: App, user: str) -> dict[str, Any]:
        if not app.scopes:
            text = f"The user or administrator has not consented to use the application with ID '{app.client_id}'."
            raise Denial(400, "invalid_grant", text, 65001)
        graph = self.base
        answer = self._issue(app, graph, {"scp": " ".join(app.scopes), "upn": user, "idtyp": "user"})
        refresh = secrets.token_urlsafe(32)
        self.refresh_tokens[refresh] = (app, user)
        about = {"uid": str(uuid.uuid5(uuid.NAMESPACE_DNS, user)), "utid": TENANT}
        now = int(time.time())
        identity = {
            "aud": app.client_id, "iss": f"{self.base}/{TENANT}/v2.0", "iat": now, "nbf": now, "exp": now + 3600,
            "sub": about["uid"], "oid": about["uid"], "tid": TENANT, "preferred_username": user,
        }  # fmt: skip
        return answer | {
            "refresh_token": refresh,
            "id_token": jwt.encode(identity, _KEY, "HS256"),
            "client_info": base64.urlsafe_b64encode(json.dumps(about).encode()).decode().rstrip("="),
            "scope": " ".join(f"{graph}/{scope}" for scope in app.scopes),
        }

    def _issue(self, app: App, audience: str, more: Mapping[str, Any]) -> dict[str, Any]:
        self.issued += 1
        expires = time.time() + self.lifetime
        claims = {"aud": audience, "appid": app.client_id, "tid": TENANT, "exp": expires, "nr": self.issued, **more}
        # What it says of its lifetime is longer than it is when a test wants tokens that are refused before their time.
        told = max(3600, round(self.lifetime))
        token = jwt.encode(claims, _KEY, "HS256")
        return {"token_type": "Bearer", "expires_in": told, "ext_expires_in": told, "access_token": token}

    def _app(self, client_id: str) -> App:
        if client_id not in self.apps:
            text = f"Application with identifier '{client_id}' was not found in the directory."
            raise Denial(400, "unauthorized_client", text, 700016)
        return self.apps[client_id]


def _denied(denial: Denial) -> Response:
    trace = str(uuid.uuid4())
    return JSONResponse(
        {
            "error": denial.error,
            "error_description": f"AADSTS{denial.number}: {denial.description} Trace ID: {trace}",
            "error_codes": [denial.number],
            "trace_id": trace,
            "correlation_id": str(uuid.uuid4()),
        },
        denial.status,
    )
