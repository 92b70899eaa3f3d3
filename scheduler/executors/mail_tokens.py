"""Gets access tokens for XOAUTH2 from whoever issues them (RFC 6749). Everything here blocks: call it in a thread."""

import threading
import time
from collections.abc import Callable

import httpx

from scheduler.core.errors import MailLoginError, MailServerUnreachableError

_BEFORE_ITS_END = 60.0  # seconds: a token that would end during the next session is not used any more
_DEFAULT_LIFE = 300.0
_LONGEST_REPLY = 200


class AccessTokens:
    """Returns a token that is good when called; one is kept until shortly before it ends.

    With a refresh token it stands for the person who agreed once, without one for the program itself (client
    credentials). A new refresh token in an answer is used from then on. Raises MailLoginError or
    MailServerUnreachableError.
    """

    def __init__(
        self,
        *,
        url: str,
        client_id: str,
        scope: str = "",
        client_secret: Callable[[], str],
        refresh_token: Callable[[], str] = lambda: "",
        http: httpx.Client | None = None,
    ) -> None:
        self._url = url
        self._client_id = client_id
        self._scope = scope
        self._client_secret = client_secret
        self._refresh_token = refresh_token
        self._rotated = ""
        self._http = http or httpx.Client(timeout=30)
        self._lock = threading.Lock()
        self._token, self._ends = "", 0.0

    def __call__(self) -> str:
        with self._lock:
            if time.monotonic() >= self._ends:
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        try:
            answer = self._http.post(self._url, data=self._form())
            document = answer.json() if answer.headers.get("content-type", "").startswith("application/json") else {}
        except (httpx.HTTPError, ValueError) as error:
            raise MailServerUnreachableError(self._url, str(error)) from error
        if answer.status_code >= 500 or answer.status_code == 429:
            raise MailServerUnreachableError(self._url, f"HTTP {answer.status_code}")
        if answer.status_code != 200 or not isinstance(document.get("access_token"), str):
            problem = str(document.get("error_description") or document.get("error") or f"HTTP {answer.status_code}")
            raise MailLoginError(self._url, f"{self._client_id} ({' '.join(problem.split())[:_LONGEST_REPLY]})")
        self._token = document["access_token"]
        self._rotated = document.get("refresh_token") or self._rotated
        self._ends = time.monotonic() + float(document.get("expires_in") or _DEFAULT_LIFE) - _BEFORE_ITS_END

    def _form(self) -> dict[str, str]:
        refresh = self._rotated or self._refresh_token()
        form = {
            "client_id": self._client_id,
            "client_secret": self._client_secret(),
            "scope": self._scope,
            "grant_type": "refresh_token" if refresh else "client_credentials",
            "refresh_token": refresh,
        }
        return {name: value for name, value in form.items() if value}
