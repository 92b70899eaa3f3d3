"""A site of one's own without code: where it is, how to log in, how a document is found there.

A profile is a YAML file that people write or record. Its steps name elements as `Target`s and secrets by the last part
of their name; `{document_id}` and the other slots of a request are filled in when a job runs, percent-encoded in
addresses, as they are elsewhere.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Self
from urllib.parse import quote, urljoin, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from scheduler.core.errors import InvalidInputError
from scheduler.core.portal_login import RESERVED, login_name
from scheduler.core.problems import unfit
from scheduler.core.references import SECRET_SCHEME, escape, strings_in
from scheduler.core.sentences import Sentence
from scheduler.core.slots import SLOTS
from scheduler.core.targets import By, Target
from scheduler.core.todo import ToDo

OPERATIONS: Final = ("open", "fill", "click", "select", "check", "press", "wait_for", "download")
_SLOT: Final = re.compile(r"\{([a-z_]+)(\|url)?\}")
_QUOTES: Final = re.compile(r"[\"'\\]")
_DOMAIN: Final = re.compile(r"(?:[a-z0-9_-]+\.)*[a-z0-9_-]+|\[[0-9a-f:]+\]")
_ONE: Final = Sentence(f"genau eines von {', '.join(OPERATIONS)} wird erwartet",
                       f"exactly one of {', '.join(OPERATIONS)} is expected")  # fmt: skip
_FILLING: Final = Sentence("fill braucht entweder text oder secret", "fill needs either text or secret")
_SELECTING: Final = Sentence(
    "select braucht text: die Beschriftung der Option", "select needs text: the option's label"
)
_NO_TEXT: Final = Sentence("text und secret gehören nur zu fill und select", "only fill and select take text or secret")
_NO_SLOT: Final = Sentence("eine solche Angabe gibt es nicht", "there is no such slot")
_LAST_DOWNLOADS: Final = Sentence(
    "der letzte Schritt, und nur er, ist ein download", "the last step, and no other, is a download"
)
_NO_DOWNLOAD: Final = Sentence(
    "bei der Anmeldung wird nichts heruntergeladen", "nothing is downloaded while logging in"
)
_NO_ADDRESS: Final = Sentence("eine Adresse wie https://portal.example.com wird erwartet",
                              "an address like https://portal.example.com is expected")  # fmt: skip
_NO_DOMAIN: Final = Sentence("ein Rechnername wie portal.example.com wird erwartet, ohne https:// und ohne Pfad",
                             "a host like portal.example.com is expected, without https:// and path")  # fmt: skip
_OUTSIDE: Final = Sentence("die Adresse liegt außerhalb von domains", "the address lies outside of domains")
_NO_NAME: Final = Sentence("so kann ein Portal nicht heißen", "a portal cannot be called that")
_BREAKS_OUT: Final = Sentence("Anführungszeichen und \\ sind in diesem Selektor nicht erlaubt",
                              "quotes and \\ are not allowed in this selector")  # fmt: skip
_NAMES_A_SECRET: Final = Sentence("ein Geheimnis darf hier nicht genannt werden", "a secret may not be named here")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SiteStep(_Model):
    """One thing to do on a page. `timeout` is in seconds; an `optional` step is left out when its element is not there.

    `open` is an address or a path of the site, `press` a key as Playwright names it, `secret` the last part of a name:
    `username` of the site `portal` is `portal.username`.
    """

    open: str | None = None
    fill: Target | None = None
    click: Target | None = None
    select: Target | None = None
    check: Target | None = None
    press: str | None = None
    wait_for: Target | None = None
    download: Target | None = None
    text: str | None = None
    secret: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    optional: bool = False
    timeout: float = Field(default=20.0, gt=0, le=600)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        given = [name for name in OPERATIONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise unfit(_ONE)
        if given == ["fill"] and (self.text is None) == (self.secret is None):
            raise unfit(_FILLING)
        if given == ["select"] and (self.text is None or self.secret is not None):
            raise unfit(_SELECTING)
        if given[0] not in {"fill", "select"} and (self.text is not None or self.secret is not None):
            raise unfit(_NO_TEXT)
        _known_slots(self.model_dump())
        return self

    @property
    def operation(self) -> str:
        return next(name for name in OPERATIONS if getattr(self, name) is not None)


class SecondFactor(_Model):
    """Where the site asks for a code, and what sends it; without `submit` the Enter key does."""

    field: Target
    submit: Target | None = None
    wait_seconds: float = Field(default=600.0, gt=0, le=604_800)


class SiteLogin(_Model):
    """How to log in. `logged_in` is seen on every page while somebody is logged in, `refused` when the login failed."""

    steps: tuple[SiteStep, ...] = Field(min_length=1, max_length=50)
    logged_in: Target
    refused: Target | None = None
    second_factor: SecondFactor | None = None

    @field_validator("steps")
    @classmethod
    def _no_download(cls, steps: tuple[SiteStep, ...]) -> tuple[SiteStep, ...]:
        for number, step in enumerate(steps):
            if step.operation == "download":
                raise unfit(_NO_DOWNLOAD, number)
        return steps


class SiteDocument(_Model):
    """How a document is found and fetched. `missing` is seen when the site has none of that number."""

    steps: tuple[SiteStep, ...] = Field(min_length=1, max_length=50)
    missing: Target | None = None

    @field_validator("steps")
    @classmethod
    def _last_downloads(cls, steps: tuple[SiteStep, ...]) -> tuple[SiteStep, ...]:
        for number, step in enumerate(steps):
            if (step.operation == "download") is not (number == len(steps) - 1):
                raise unfit(_LAST_DOWNLOADS, number)
        return steps

    @property
    def slots(self) -> frozenset[str]:
        """What a request must name so that a document can be found."""
        return frozenset(match[1] for text in strings_in(self.model_dump()) for match in _SLOT.finditer(text))


class SiteProfile(_Model):
    """A site. Sentences call it by `name` or one of `aliases`, whatever their case.

    Its pages may lie on `domains` only, and on what is below them; by default on the host of `url`. `secrets` begins
    the names of its secrets; by default its name. `popups` are elements that are clicked away wherever they appear.
    """

    name: str = Field(min_length=1, max_length=100)
    aliases: tuple[str, ...] = Field(default=(), max_length=50)
    url: str = Field(max_length=2000)
    domains: tuple[str, ...] = Field(default=(), max_length=50)
    secrets: str = Field(default="", max_length=100)
    popups: tuple[Target, ...] = Field(default=(), max_length=20)
    login: SiteLogin | None = None
    document: SiteDocument | None = None

    @field_validator("name")
    @classmethod
    def _has_login_name(cls, name: str) -> str:
        if not login_name(name) or login_name(name) in RESERVED:
            raise unfit(_NO_NAME)
        return name

    @field_validator("url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        if not _host(url):
            raise unfit(_NO_ADDRESS)
        return url.rstrip("/")

    @field_validator("domains")
    @classmethod
    def _hosts(cls, domains: tuple[str, ...]) -> tuple[str, ...]:
        for number, domain in enumerate(domains):
            if not _DOMAIN.fullmatch(domain.casefold()):
                raise unfit(_NO_DOMAIN, number)
        return tuple(domain.casefold() for domain in domains)

    @field_validator("secrets")
    @classmethod
    def _may_be_used(cls, secrets: str) -> str:
        if secrets and (login_name(secrets) != secrets or secrets in RESERVED):
            raise unfit(_NO_NAME)
        return secrets

    @model_validator(mode="after")
    def _inside(self) -> Self:
        for section, steps in (("login", self.login), ("document", self.document)):
            for number, step in enumerate(steps.steps if steps else ()):
                if step.open is not None and not self.allows(urljoin(f"{self.url}/", _SLOT.sub("x", step.open))):
                    raise unfit(_OUTSIDE, section, "steps", number, "open")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return self.name, *self.aliases

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where its pages may lie."""
        return self.domains or (_host(self.url),)

    @property
    def secrets_prefix(self) -> str:
        return self.secrets or login_name(self.name)

    @property
    def secret_names(self) -> tuple[str, ...]:
        """What it logs in with, by full name, in the order of its steps."""
        steps = [*(self.login.steps if self.login else ()), *(self.document.steps if self.document else ())]
        return tuple(dict.fromkeys(f"{self.secrets_prefix}.{step.secret}" for step in steps if step.secret))

    def allows(self, url: str) -> bool:
        """Whether a page at this address belongs to the site."""
        host = _host(url)
        return any(host == domain or host.endswith(f".{domain}") for domain in self.hosts)

    def todo(self, step: SiteStep, slots: Mapping[str, str], task_id: str) -> ToDo:
        """Return a step of the profile as a step of the web executor. Raises InvalidInputError for unfit slots."""
        for name, words in slots.items():
            if SECRET_SCHEME in words.casefold():
                raise InvalidInputError(f"{task_id}.params.slots.{name}", _NAMES_A_SECRET)
        document: dict[str, Any] = {"id": task_id, "timeout": step.timeout, "repeatable": True}
        value = getattr(step, step.operation)
        if step.operation == "open":
            url = urljoin(f"{self.url}/", _filled(value, slots, task_id, encoded=True))
            document |= {"action": "web.goto", "params": {"url": url}}
        elif step.operation == "press":
            document |= {"action": "web.press", "params": {"key": value}}
        else:
            document |= {"action": f"web.{step.operation}", "selector": target_for(value, slots, task_id)}
        if step.secret is not None:
            document["text"] = f"{SECRET_SCHEME}{self.secrets_prefix}.{step.secret}"
        elif step.operation == "select":
            document["params"] = {"label": _filled(step.text or "", slots, task_id)}
        elif step.text is not None:
            document["text"] = _filled(step.text, slots, task_id)
        return ToDo.model_validate(_escaped(document)).resolved({})


def target_for(target: Target, slots: Mapping[str, str], task_id: str) -> Target:
    """Return a target with the slots filled in. Raises InvalidInputError for words that would change the selector."""
    if not any(_SLOT.search(text) for text in strings_in(target.model_dump())):
        return target
    document = target.model_dump()
    for locator in document["locators"]:
        tight = locator["by"] in {By.CSS, By.XPATH}
        for name in ("value", "name"):
            if isinstance(locator[name], str):
                locator[name] = _filled(locator[name], slots, task_id, tight=tight)
    return Target.model_validate(document)


def _filled(text: str, slots: Mapping[str, str], task_id: str, *, encoded: bool = False, tight: bool = False) -> str:
    def words(match: re.Match[str]) -> str:
        field = f"{task_id}.params.slots.{match[1]}"
        if not slots.get(match[1]):
            raise InvalidInputError(field, Sentence("die Angabe fehlt", "is missing"))
        given = slots[match[1]]
        if encoded or match[2]:
            return quote(given, safe="")
        if tight and _QUOTES.search(given):
            raise InvalidInputError(field, _BREAKS_OUT)
        return given

    return _SLOT.sub(words, text)


def _escaped(value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """Return the document so that nothing in it is read as a reference."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, dict):
        return {name: _escaped(part) for name, part in value.items()}
    return Target.model_validate(_escaped(value.model_dump())) if isinstance(value, Target) else _each(value)


def _each(value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    return [_escaped(part) for part in value] if isinstance(value, list | tuple) else value


def _known_slots(document: object) -> None:
    for name in _slots_in(document):
        if name not in SLOTS:
            raise unfit(Sentence(f"{{{name}}}: {_NO_SLOT.de}", f"{{{name}}}: {_NO_SLOT.en}"))


def _slots_in(document: object) -> Iterator[str]:
    return (match[1] for text in strings_in(document) for match in _SLOT.finditer(text))


def _host(url: str) -> str:
    """Return the host of a web address, nothing when it is none."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    return host if parts.scheme in {"http", "https"} and " " not in url else ""
