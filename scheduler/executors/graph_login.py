"""Gets tokens for Microsoft Graph through MSAL. MSAL blocks, so it works in a thread."""

import asyncio
import os
import ssl
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import msal

from scheduler.core.errors import CPAError, MailServerUnreachableError
from scheduler.executors.graph_account import GraphAccount, GraphLoginKind
from scheduler.executors.graph_errors import login_error

_PFX = {".pfx", ".p12"}


class GraphLogin:
    """One app, one cache of tokens, shared by everybody in the process and, through its file, by other processes.

    `tls` says whom to trust; default: what httpx trusts (SSL_CERT_FILE is heeded).
    """

    def __init__(self, account: GraphAccount, *, tls: ssl.SSLContext | None = None) -> None:
        self._account = account
        self._lock = threading.Lock()
        self._cache = TokenCache(account.cache_file)
        self._http = _HttpClient(account, tls)
        self._app: tuple[object, Any] | None = None
        """The credential it was made with, and MSAL's application."""

    async def token(self, *, refused: str | None = None, claims: str | None = None) -> str:
        """Return an access token. With `refused`, one that differs from it; `claims` are what its refusal asked for.

        Raises MailAccessError or MailServerUnreachableError.
        """
        return await asyncio.to_thread(self._guarded, lambda: self._token(refused, claims))

    async def sign_in(self, show: Callable[[str], None]) -> None:
        """Sign in a person by device code: `show` is given the sentence for them. Takes as long as they need."""
        await asyncio.to_thread(self._guarded, lambda: self._sign_in(show))

    def _guarded(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - MSAL has no types
        with self._lock:
            try:
                self._cache.load()
                return work()
            except httpx.HTTPError as error:
                raise MailServerUnreachableError(self._account.authority, f"{type(error).__name__} {error}") from error
            except CPAError:
                self._app = None  # perhaps the credential is mended meanwhile; MSAL remembers refusals
                raise
            finally:
                self._cache.save()

    def _token(self, refused: str | None, claims: str | None) -> str:
        app = self._application()
        if self._account.login is GraphLoginKind.DEVICE_CODE:
            answer = self._for_person(app, refused, claims)
        else:
            answer = self._for_program(app, refused, claims)
        if "access_token" not in answer:
            raise login_error(self._account.address, answer)
        return str(answer["access_token"])

    def _for_program(self, app: Any, refused: str | None, claims: str | None) -> Mapping[str, Any]:  # noqa: ANN401
        answer = app.acquire_token_for_client(self._account.scopes)
        if refused is not None and answer.get("access_token") == refused:
            app.remove_tokens_for_client()
            answer = app.acquire_token_for_client(self._account.scopes, claims_challenge=claims)
        return dict(answer)

    def _for_person(self, app: Any, refused: str | None, claims: str | None) -> Mapping[str, Any]:  # noqa: ANN401
        us = self._account.address.casefold()
        people = app.get_accounts()
        person = next((one for one in people if one.get("username", "").casefold() == us), next(iter(people), None))
        if person is None:
            return {"error": "no_account"}
        ask, scopes = app.acquire_token_silent_with_error, self._account.scopes
        answer = ask(scopes, person) or {"error": "no_account"}
        if refused is not None and answer.get("access_token") == refused:
            answer = ask(scopes, person, force_refresh=True, claims_challenge=claims) or {"error": "no_account"}
        return dict(answer)

    def _sign_in(self, show: Callable[[str], None]) -> None:
        app = self._application()
        flow = app.initiate_device_flow(self._account.scopes)
        if "message" not in flow:
            raise login_error(self._account.address, flow)
        show(flow["message"])
        answer = app.acquire_token_by_device_flow(flow)
        if "access_token" not in answer:
            raise login_error(self._account.address, answer)

    def _application(self) -> Any:  # noqa: ANN401
        """Return MSAL's application, a new one when the credential has changed."""
        account, credential = self._account, self._credential()
        if self._app is not None and self._app[0] == credential:
            return self._app[1]
        personal = account.login is GraphLoginKind.DEVICE_CODE
        kind = msal.PublicClientApplication if personal else msal.ConfidentialClientApplication
        try:
            app = kind(
                account.client_id,
                authority=f"{account.authority.rstrip('/')}/{account.tenant}",
                token_cache=self._cache.tokens,
                http_client=self._http,
                instance_discovery=False,  # the authority is the operator's word; there is nobody else to ask
                **({} if personal else {"client_credential": credential}),
            )
        except ValueError as error:
            unknown_tenant = "authority configuration" in str(error)  # MSAL raises this for an unfit key as well
            text = f"AADSTS90002: {account.tenant}" if unknown_tenant else str(error)
            raise login_error(account.address, {"error_description": text}) from error
        self._app = (credential, app)
        return app

    def _credential(self) -> object:
        account = self._account
        if account.login is GraphLoginKind.DEVICE_CODE:
            return None
        if account.certificate is None:
            return account.secret()
        passphrase = account.passphrase() or None
        if account.certificate.suffix.casefold() in _PFX:
            return {"private_key_pfx_path": str(account.certificate), "passphrase": passphrase}
        try:
            pem = account.certificate.read_text(encoding="ascii")
        except (OSError, UnicodeError) as error:
            raise login_error(account.address, {"error_description": f"{account.certificate}: {error}"}) from error
        return {"private_key": pem, "public_certificate": pem, "passphrase": passphrase}


class TokenCache:
    """MSAL's tokens in a file that only its owner may read. Without a file they live in memory only."""

    def __init__(self, file: Path | None) -> None:
        self.tokens = msal.SerializableTokenCache()
        self._file = file
        self._stamp: tuple[int, int] | None = None

    def load(self) -> None:
        """Take up what another process has written."""
        if self._file is None or not self._file.exists():
            return
        if (stamp := _stamp(self._file)) != self._stamp:
            self._file.chmod(0o600)
            self.tokens.deserialize(self._file.read_text(encoding="utf-8"))
            self._stamp = stamp

    def save(self) -> None:
        if self._file is None or not self.tokens.has_state_changed:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._file.parent, prefix=f".{self._file.name}.")  # mode 600
        with os.fdopen(handle, "w", encoding="utf-8") as draft:
            draft.write(self.tokens.serialize())
        Path(name).replace(self._file)
        self._stamp = _stamp(self._file)


class _HttpClient:
    """What MSAL asks of a client for HTTP, done with httpx so that one library and one trust store serve both."""

    def __init__(self, account: GraphAccount, tls: ssl.SSLContext | None) -> None:
        self._timeout = account.timeout.total_seconds()
        self._tls: ssl.SSLContext | bool = tls or True

    def get(self, url: str, params: Any = None, headers: Any = None, **_: object) -> httpx.Response:  # noqa: ANN401
        return self._ask("GET", url, params=params, headers=headers)

    def post(
        self,
        url: str,
        params: Any = None,  # noqa: ANN401
        data: Any = None,  # noqa: ANN401
        headers: Any = None,  # noqa: ANN401
        **_: object,
    ) -> httpx.Response:
        body = {"content": data} if isinstance(data, str | bytes) else {"data": _filled(data)}
        return self._ask("POST", url, params=params, headers=headers, **body)

    def close(self) -> None:
        """Nothing to close: each request has a connection of its own."""

    def _ask(self, method: str, url: str, **how: Any) -> httpx.Response:  # noqa: ANN401
        answer = httpx.request(method, url, verify=self._tls, timeout=self._timeout, **how)
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            answer.raise_for_status()
        return answer


def _filled(data: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the fields of a form that are set; MSAL gives the signed proof of a certificate as bytes."""
    given = {name: value for name, value in (data or {}).items() if value is not None}
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in given.items()}


def _stamp(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_mtime_ns, status.st_ino
