"""What can be set from outside, read once at the start. Variables begin with `CPA_`; one that nobody knows is an error.

`DATABASE_URL`, `API_KEY`, `REDIS_URL` and `OPENAI_API_KEY` are read without the prefix as well. A variable that is set
to nothing counts as not set.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsError

from scheduler.core.problems import first_flaw, unfit
from scheduler.core.sentences import Sentence
from scheduler.settings.agents import AgentsSettings as AgentsSettings
from scheduler.settings.browser import BrowserSettings as BrowserSettings
from scheduler.settings.browser import GuardSettings as GuardSettings
from scheduler.settings.graph import GraphSettings as GraphSettings
from scheduler.settings.hands import CalendarSettings as CalendarSettings
from scheduler.settings.hands import HandsSettings as HandsSettings
from scheduler.settings.llm import LLMSettings as LLMSettings
from scheduler.settings.mail import MailSettings as MailSettings
from scheduler.settings.parts import PREFIX, WebAddress, config

_SECRETS = "CPA_SECRET_"
_SHORTEST_KEY = 16  # letters
_SHORT_KEY = Sentence(
    f"ein Schlüssel braucht mindestens {_SHORTEST_KEY} Zeichen; einen macht „openssl rand -hex 16“",
    f"a key needs at least {_SHORTEST_KEY} characters; “openssl rand -hex 16” makes one",
)
_SAME_KEY = Sentence("zwei Mandanten haben denselben Schlüssel", "two tenants have the same key")
_TWO_KEYS = Sentence(
    "der Mandant default hat neben CPA_API_KEY noch einen eigenen Schlüssel",
    "the tenant default has a key of its own besides CPA_API_KEY",
)
_NO_ORIGIN = Sentence(
    "eine Herkunft ist wie https://example.com, ohne Pfad; * ist nicht erlaubt",
    "an origin is like https://example.com, without a path; * is not allowed",
)


_ORIGIN = re.compile(r"https?://[^/*\s]+")
_Concern = TypeVar("_Concern", bound=BaseSettings)


class SettingError(ValueError):
    """A setting cannot be used; `said` tells a person which and why."""

    def __init__(self, said: Sentence) -> None:
        super().__init__(said.en)
        self.said = said


class UnknownSettingError(SettingError):
    """A variable begins with CPA_ but means nothing; most likely it is misspelt."""

    def __init__(self, variable: str, nearest: str | None) -> None:
        super().__init__(
            Sentence(
                f"Die Einstellung {variable} gibt es nicht" + (f"; gemeint ist wohl {nearest}." if nearest else "."),
                f"There is no setting {variable}" + (f"; did you mean {nearest}?" if nearest else "."),
            )
        )


class InvalidSettingError(SettingError):
    """The value of a variable does not fit. The value is not shown: it may be a secret."""

    def __init__(self, variable: str, problem: Sentence) -> None:
        super().__init__(
            Sentence(
                f"Die Einstellung {variable} ist nicht in Ordnung: {problem.de}.",
                f"The setting {variable} is not valid: {problem.en}.",
            )
        )


def _origin(text: str) -> str:
    if not _ORIGIN.fullmatch(text):
        raise unfit(_NO_ORIGIN)
    return text


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < _SHORTEST_KEY:
        raise unfit(_SHORT_KEY)
    return key


ApiKey = Annotated[SecretStr, AfterValidator(_long_enough)]
Origin = Annotated[str, AfterValidator(_origin)]
Tenant = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class ApiSettings(BaseSettings):
    """Where the API listens, and who may use it. Without a key it listens on loopback only."""

    model_config = config("CPA_API_")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    key: ApiKey | None = Field(default=None, validation_alias=AliasChoices("CPA_API_KEY", "API_KEY"))
    keys: dict[Tenant, ApiKey] = Field(default_factory=dict, description="tenant -> key, as JSON")
    operator_key: ApiKey | None = Field(default=None, description="lists and counts the jobs of every tenant")
    hosts: tuple[str, ...] = Field(
        default=(), description="names besides loopback's under which it is reached, as JSON list"
    )
    origins: tuple[Origin, ...] = Field(default=(), description="origins whose pages may use the API, as JSON list")
    url: WebAddress | None = Field(
        default=None, description="where the command line finds the API; default: host and port"
    )

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        keys = [*self.tenant_keys.values(), *([self.operator_key] if self.operator_key else ())]
        found = [key.get_secret_value() for key in keys]
        if len(set(found)) < len(found):
            raise unfit(_SAME_KEY)
        if self.key is not None and "default" in self.keys:
            raise unfit(_TWO_KEYS)
        return self

    @property
    def tenant_keys(self) -> Mapping[str, SecretStr]:
        """Every key by the tenant it stands for; empty: no key is asked for."""
        return {**({} if self.key is None else {"default": self.key}), **self.keys}

    @property
    def listens_on_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


class WorkerSettings(BaseSettings):
    """How a worker leases and runs jobs."""

    model_config = config("CPA_WORKER_")

    concurrency: int = Field(default=4, ge=1, le=1000)
    lease_seconds: float = Field(default=10.0, ge=0.3, le=3600)
    grace_seconds: float = Field(default=20.0, ge=0, le=3600)
    most_crashes: int = Field(
        default=5, ge=1, le=100, description="workers that may die with a job before it is put aside as a dead letter"
    )

    park_seconds: float = Field(
        default=5.0, ge=0, le=86_400, description="a job that can do nothing for longer than this gives its worker up"
    )

    most_items: int = Field(
        default=1000, ge=1, le=100_000, description="elements of a list for each of which a step may be done"
    )

    @property
    def park_after(self) -> timedelta:
        return timedelta(seconds=self.park_seconds)

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.lease_seconds)

    @property
    def grace(self) -> timedelta:
        return timedelta(seconds=self.grace_seconds)


class StoreSettings(BaseSettings):
    """Where everything is kept."""

    model_config = config(PREFIX)

    data_dir: Path = Path("data")
    database_url: str = Field(
        default="sqlite:///data/cpa.db", validation_alias=AliasChoices("CPA_DATABASE_URL", "DATABASE_URL")
    )
    queue_url: str = Field(
        default="",
        validation_alias=AliasChoices("CPA_QUEUE_URL", "REDIS_URL"),
        description="where jobs are dispatched, redis://host:6379/0; default: the database itself",
    )
    files_root: Path | None = Field(default=None, description="the folder file steps may use; default: data/files")
    secrets_file: Path = Path("secrets.yaml")
    contacts_file: Path = Path("config/contacts.yaml")


class QueueSettings(BaseSettings):
    """How many jobs may wait and be worked on; over the first two a request is refused with 429."""

    model_config = config("CPA_QUEUE_")

    prefix: str = Field(
        default="cpa:",
        pattern=r"^[A-Za-z0-9:_-]{1,64}$",
        description="of the keys in Redis; one for each service on it",
    )
    most_waiting: int = Field(default=100_000, ge=1, le=10_000_000, description="jobs that may wait, of all tenants")
    most_waiting_of_tenant: int | None = Field(default=None, ge=1, description="jobs that may wait, of one tenant")
    most_unanswered: int = Field(
        default=10_000, ge=1, le=10_000_000, description="jobs that may wait for answers of people, of all tenants"
    )
    answer_days: float = Field(
        default=7.0, gt=0, le=3650, description="how long an answer is waited for; then the job fails"
    )
    plan_hours: float = Field(
        default=24.0, gt=0, le=8760, description="how long a plan that was shown may be submitted by its hash"
    )
    most_running: int | None = Field(default=None, ge=1, description="jobs that may run at once, on all workers")
    most_running_of_tenant: int | None = Field(
        default=None, ge=1, description="jobs of one tenant that may run at once"
    )


class RetentionSettings(BaseSettings):
    """How long what has ended is kept, in days; 0: for ever. The audit log is never pruned."""

    model_config = config("CPA_RETENTION_")

    jobs_days: float = Field(default=0.0, ge=0, le=36_500, description="ended jobs with tasks, events and files")
    messages_days: float = Field(default=0.0, ge=0, le=36_500, description="messages of agents")
    keys_days: float = Field(default=30.0, ge=0, le=36_500, description="idempotency keys")

    def before(self, days: float, now: datetime) -> datetime | None:
        """Return the moment before which something is too old; None: it never is."""
        return now - timedelta(days=days) if days else None


class MaintenanceSettings(BaseSettings):
    """How the running service cares for its database."""

    model_config = config("CPA_MAINTENANCE_")

    every_seconds: float = Field(default=10.0, ge=0.05, le=86_400)
    log_megabytes: float = Field(default=64.0, ge=0.1, le=100_000, description="size at which the WAL is emptied")


class WebSettings(BaseSettings):
    """The browser, and where the profiles of the portals lie that it may be sent to by name."""

    model_config = config(PREFIX)

    browser_path: Path | None = Field(default=None, description="Chromium; default: the one on the path")
    sites_dir: Path = Field(
        default=Path("config/sites"), description="site profiles besides those in the folder sites of CPA_DATA_DIR"
    )
    web_evidence: Literal["errors", "changes", "steps", "all"] = Field(
        default="changes",
        description="errors: a picture and the page as text when a step fails; changes: also a picture after each "
        "change; steps: also the page as text after every step; all: also a picture before each change",
    )
    web_trace: bool = Field(default=False, description="record a trace of every web step that uses no secret")


class LogSettings(BaseSettings):
    """What is logged."""

    model_config = config("CPA_LOG_")

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"


class FaultSettings(BaseSettings):
    """For tests: `point` or `point:visit` at which this process kills itself."""

    model_config = config("CPA_CRASH_")

    at: str = ""


class Settings(BaseModel):
    """All of it, each concern in a class of its own."""

    model_config = ConfigDict(frozen=True)

    api: ApiSettings
    mail: MailSettings
    graph: GraphSettings
    worker: WorkerSettings
    store: StoreSettings
    queue: QueueSettings
    retention: RetentionSettings
    maintenance: MaintenanceSettings
    web: WebSettings
    calendar: CalendarSettings = Field(default_factory=CalendarSettings)
    hands: HandsSettings = Field(default_factory=HandsSettings)
    browser: BrowserSettings
    guard: GuardSettings
    llm: LLMSettings
    agents: AgentsSettings = Field(default_factory=AgentsSettings)
    log: LogSettings
    fault: FaultSettings

    @property
    def uses_graph(self) -> bool:
        """Whether mail goes through Microsoft Graph. A maildir goes first: then nothing leaves this machine."""
        return self.graph.is_set and self.mail.maildir is None

    @property
    def mail_missing(self) -> tuple[str, ...]:
        """The variables without which there is no mail."""
        if not self.uses_graph:
            return self.mail.missing
        return (*(() if self.mail.address else ("CPA_MAIL_ADDRESS",)), *self.graph.missing)


def load_settings() -> Settings:
    """Read the environment. Raises SettingError, which names the variable and why it cannot be used."""
    known = known_variables()
    for variable in map(str.upper, os.environ):
        if variable.startswith(PREFIX) and not variable.startswith(_SECRETS) and variable not in known:
            raise UnknownSettingError(variable, next(iter(get_close_matches(variable, known, n=1)), None))
    return Settings(
        api=_read(ApiSettings),
        mail=_read(MailSettings),
        graph=_read(GraphSettings),
        worker=_read(WorkerSettings),
        store=_read(StoreSettings),
        queue=_read(QueueSettings),
        retention=_read(RetentionSettings),
        maintenance=_read(MaintenanceSettings),
        web=_read(WebSettings),
        calendar=_read(CalendarSettings),
        hands=_read(HandsSettings),
        browser=_read(BrowserSettings),
        guard=_read(GuardSettings),
        llm=_read(LLMSettings),
        agents=_read(AgentsSettings),
        log=_read(LogSettings),
        fault=_read(FaultSettings),
    )


def known_variables() -> dict[str, str]:
    """Return every variable that is read, with what it is for."""
    known: dict[str, str] = {}
    for concern in Settings.model_fields.values():
        settings = concern.annotation
        if isinstance(settings, type) and issubclass(settings, BaseSettings):
            known |= {
                _variable(settings, name): field.description or "" for name, field in settings.model_fields.items()
            }
    return known


def is_loopback(host: str) -> bool:
    """Whether the name or address of a host always means this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def _read(concern: type[_Concern]) -> _Concern:
    try:
        return concern()
    except ValidationError as error:
        path, problem = first_flaw(error)
        name = re.split(r"[.\[]", path)[0]
        variable = _variable(concern, name) if name in concern.model_fields else name or f"{PREFIX}API_KEYS"
        raise InvalidSettingError(variable, problem) from None
    except SettingsError as error:
        named = re.search(r'"(\w+)"', str(error))
        variable = _variable(concern, named[1]) if named else str(concern.model_config.get("env_prefix"))
        raise InvalidSettingError(variable, Sentence("gültiges JSON wird erwartet", "valid JSON is expected")) from None


def _variable(concern: type[BaseSettings], name: str) -> str:
    return f"{concern.model_config.get('env_prefix', '')}{name}".upper()
