"""Says in our words what Microsoft Entra and Graph answered, and what a person can do about it."""

import re
from collections.abc import Mapping
from typing import Any

import httpx

from scheduler.core.errors import (
    CPAError,
    MailAccessError,
    MailDeferredError,
    MailRefusedError,
    MailServerUnreachableError,
    RecipientRefusedError,
)
from scheduler.core.sentences import Sentence

PERMISSIONS = "Mail.ReadWrite, Mail.Send"

_LOGIN: Mapping[int, Sentence] = {
    7000215: Sentence(
        "das Geheimnis graph.client_secret stimmt nicht; bitte den Wert (nicht die ID) des Client-Geheimnisses setzen",
        "the secret graph.client_secret is wrong; set the value (not the ID) of the client secret",
    ),
    7000222: Sentence(
        "das Client-Geheimnis ist abgelaufen; bitte in Entra ein neues anlegen und als graph.client_secret setzen",
        "the client secret has expired; create a new one in Entra and set it as graph.client_secret",
    ),
    700016: Sentence(
        "die App ist im Mandanten nicht bekannt; bitte CPA_GRAPH_CLIENT_ID und CPA_GRAPH_TENANT prüfen",
        "the tenant does not know the app; check CPA_GRAPH_CLIENT_ID and CPA_GRAPH_TENANT",
    ),
    90002: Sentence(
        "den Mandanten gibt es nicht; bitte CPA_GRAPH_TENANT und CPA_GRAPH_AUTHORITY prüfen",
        "there is no such tenant; check CPA_GRAPH_TENANT and CPA_GRAPH_AUTHORITY",
    ),
    700027: Sentence(
        "das Zertifikat ist an der App nicht hinterlegt; bitte seinen öffentlichen Teil in Entra hochladen",
        "the certificate is not registered with the app; upload its public part in Entra",
    ),
    65001: Sentence(
        f"die Zustimmung fehlt; bitte in Entra den Berechtigungen {PERMISSIONS} zustimmen",
        f"consent is missing; consent to the permissions {PERMISSIONS} in Entra",
    ),
    53003: Sentence(
        "eine Richtlinie für bedingten Zugriff verbietet diese Anmeldung; bitte ein Zertifikat verwenden",
        "a conditional access policy forbids this way to sign in; use a certificate instead",
    ),
}
SIGN_IN = Sentence(
    "niemand ist angemeldet, oder die Anmeldung ist abgelaufen; bitte „cpa graph login“ ausführen",
    "nobody is signed in, or the sign-in has expired; run “cpa graph login”",
)
_MAILBOX_FORBIDDEN = Sentence(
    "die App darf dieses Postfach nicht benutzen; bitte es in den Bereich der Rolle aufnehmen (RBAC for Applications)",
    "the app may not use this mailbox; add it to the scope of the app's role (RBAC for Applications)",
)
_DENIED = Sentence(
    f"der Zugriff ist verboten; entweder fehlt die Zustimmung zu {PERMISSIONS}, oder das Postfach liegt außerhalb des "
    "erlaubten Bereichs (RBAC for Applications)",
    f"access is denied; either consent to {PERMISSIONS} is missing, or the mailbox is outside the allowed scope "
    "(RBAC for Applications)",
)
_TOKEN_REFUSED = Sentence(
    "auch ein neues Token wird nicht angenommen; bitte CPA_GRAPH_ROOT und CPA_GRAPH_AUTHORITY prüfen",
    "a fresh token is refused as well; check CPA_GRAPH_ROOT and CPA_GRAPH_AUTHORITY",
)
_NO_MAILBOX = Sentence(
    "das Postfach gibt es nicht in Exchange Online; bitte CPA_MAIL_ADDRESS prüfen",
    "there is no such mailbox in Exchange Online; check CPA_MAIL_ADDRESS",
)
_NO_MAILBOX_CODES = {"ErrorInvalidUser", "ErrorNonExistentMailbox", "MailboxNotEnabledForRESTAPI", "ResourceNotFound"}


class GraphRefusal(Exception):  # noqa: N818 - an answer, which `translated` turns into an error of ours
    """What Graph answered instead of what was asked for. Nothing happened."""

    def __init__(self, response: httpx.Response) -> None:
        error = _error_of(response)
        self.status = response.status_code
        self.code = str(error.get("code", ""))
        self.message = " ".join(str(error.get("message", "")).split())[:300]
        self.request_id = response.headers.get("request-id", "-")
        super().__init__(self.said)

    @property
    def asks_for_a_token(self) -> bool:
        """Whether a fresh token may help: the old one has ended, or is older than the consent of an administrator."""
        return self.status == httpx.codes.UNAUTHORIZED or self.code == "ErrorAccessDenied"

    @property
    def about_an_item(self) -> bool:
        """Whether it says that there is no such mail."""
        return self.code in {"ErrorItemNotFound", "ErrorInvalidIdMalformed", "ErrorInvalidMailboxItemId"}

    @property
    def said(self) -> str:
        """What to quote to an administrator or to Microsoft."""
        return f"{self.status} {self.code}: {self.message} (request-id {self.request_id})"


class AnswerLost(Exception):  # noqa: N818 - as above
    """The request may or may not have been carried out."""


def translated(refusal: GraphRefusal, mailbox: str) -> CPAError:
    """Return the error of ours for a refusal."""
    if refusal.status == httpx.codes.TOO_MANY_REQUESTS:
        return MailDeferredError(refusal.said)
    if refusal.status == httpx.codes.UNAUTHORIZED:
        return MailAccessError(mailbox, _TOKEN_REFUSED, refusal.said)
    if refusal.code in _NO_MAILBOX_CODES:
        return MailAccessError(mailbox, _NO_MAILBOX, refusal.said)
    if refusal.code in {"ErrorAccessDenied", "Authorization_RequestDenied"}:
        problem = _MAILBOX_FORBIDDEN if "[RAOP]" in refusal.message else _DENIED
        return MailAccessError(mailbox, problem, refusal.said)
    if refusal.code == "ErrorInvalidRecipients":
        named = re.search(r"[^\s'\"<>]+@[^\s'\"<>]+", refusal.message)
        return RecipientRefusedError(named[0] if named else "?", refusal.said)
    return MailRefusedError(refusal.said)


def login_error(mailbox: str, answer: Mapping[str, Any]) -> CPAError:
    """Return the error of ours for what the token endpoint answered."""
    description = " ".join(str(answer.get("error_description") or answer.get("error", "")).split())
    numbers = [int(number) for number in re.findall(r"AADSTS(\d+)", description)]
    known = next((_LOGIN[number] for number in numbers if number in _LOGIN), None)
    if known is None and answer.get("error") in {"invalid_grant", "interaction_required", "no_account"}:
        known = SIGN_IN
    if answer.get("error") == "temporarily_unavailable":
        return MailServerUnreachableError(mailbox, description)
    return MailAccessError(mailbox, known or _unknown(description), description[:300])


def _unknown(description: str) -> Sentence:
    return Sentence(
        f"die Anmeldung wurde abgelehnt: {description[:200]}", f"the sign-in was refused: {description[:200]}"
    )


def _error_of(response: httpx.Response) -> Mapping[str, Any]:
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {"message": response.text[:200]}
    return error if isinstance(error, dict) else {"message": str(error)}
