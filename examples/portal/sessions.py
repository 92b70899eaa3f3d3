"""Who may come in, and who is in."""

import hmac
import secrets
from collections.abc import Mapping

_MOST_SESSIONS = 1000


class Sessions:
    """Sessions in memory under random tokens. The oldest one ends when there are too many."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = dict(users)
        self._user_by_token: dict[str, str] = {}

    def open(self, username: str, password: str) -> str | None:
        """Return a new token, or None when name or password is wrong. An empty password opens nothing."""
        expected = self._users.get(username, "")
        if not expected or not hmac.compare_digest(expected.encode(), password.encode()):
            return None
        if len(self._user_by_token) >= _MOST_SESSIONS:
            del self._user_by_token[next(iter(self._user_by_token))]
        token = secrets.token_urlsafe(32)
        self._user_by_token[token] = username
        return token

    def user(self, token: str | None) -> str | None:
        return self._user_by_token.get(token or "")

    def close(self, token: str | None) -> None:
        """End a session. One that is over already stays so."""
        self._user_by_token.pop(token or "", None)
