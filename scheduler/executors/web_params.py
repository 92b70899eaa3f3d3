"""The parameters of the web actions, each with what it may be."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, model_validator

from scheduler.core.targets import Target
from scheduler.core.todo import Postcondition
from scheduler.executors.typed_text import Kind

HttpAddress = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]", max_length=8192)]
Text = Annotated[str, StringConstraints(min_length=1)]
Credential = Annotated[str, StringConstraints(pattern=r"^[\w-]+(\.[\w-]+)*$", max_length=100)]
"""`portal` stands for the secrets `portal.username` and `portal.password`."""


class WebParams(BaseModel):
    """`trace` keeps Playwright's own record of the step as evidence; it costs about as much as the step."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trace: StrictBool = False


class Answering(WebParams):
    """`dialog` is the answer to a question the page asks in a window of the browser's own, `answer` what is entered
    there. Without it the question is dismissed, and reported as unexpected."""

    dialog: Literal["accept", "dismiss"] | None = None
    answer: str | None = None

    @model_validator(mode="after")
    def _answer_accepts(self) -> Self:
        if self.answer is not None and self.dialog != "accept":
            raise ValueError("an answer needs dialog: accept")
        return self


class GotoParams(WebParams):
    """`basic_auth` names the credential for a site that asks for it by HTTP; only the site of `url` gets it."""

    url: HttpAddress
    basic_auth: Credential | None = None


class ClickParams(Answering):
    button: Literal["left", "right", "middle"] = "left"
    count: Literal[1, 2] = 1


class FillParams(WebParams):
    """`keys` types letter by letter, for fields that watch the keyboard."""

    keys: StrictBool = False


class SelectParams(WebParams):
    """The option by its `value` or by the `label` people see; several, where the list takes several."""

    value: str | tuple[str, ...] | None = None
    label: str | tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.value is None) == (self.label is None):
            raise ValueError("say either value or label")
        return self


class CheckParams(WebParams):
    checked: StrictBool = True


class PressParams(Answering):
    """`key` as Playwright names it: `Enter`, `Control+a`."""

    key: Text


class DragParams(Answering):
    """`to` is where the selected element is dropped."""

    to: Target


class ScrollParams(WebParams):
    """Without `to` and `by` the selected element is brought into view; with them it is itself scrolled, or the page."""

    to: Literal["top", "bottom"] | None = None
    by: int | None = Field(default=None, ge=-100_000, le=100_000, description="pixels, down when positive")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.to is not None and self.by is not None:
            raise ValueError("say either to or by")
        return self


class TabParams(WebParams):
    """The tab whose address or title holds `url` or `title`, or the one with this `number`, counted from 1 by age;
    without any of them the newest other one. `close` closes the current tab first."""

    url: Text | None = None
    title: Text | None = None
    number: int | None = Field(default=None, ge=1, le=100)
    close: StrictBool = False


class WaitForParams(WebParams):
    """All that is given must hold: `state` of the element, `url` as a part of the address, `text` to be seen, `idle`:
    nothing asked of the network for half a second, `download`: a file that the page sends by itself."""

    state: Literal["visible", "hidden", "attached"] = "visible"
    url: Text | None = None
    text: Text | None = None
    idle: StrictBool = False
    download: StrictBool = False


class FieldSpec(BaseModel):
    """One field to read: from a column under `header`, or from `selector` (CSS) inside the element.

    `type` is what its text means; `format` is a strptime pattern for dates that are written in another way.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    header: Text | None = None
    selector: Text | None = None
    attribute: Text | None = None
    type: Kind = "text"
    format: Text | None = None
    optional: StrictBool = False


class ExtractParams(WebParams):
    """`all` takes every element that fits instead of the only one. `type` says what the text means. `table` reads rows
    by their headers, `fields` a record from each element: name -> what to read, a type alone being enough.

    `language` is how numbers and dates are written; without it the page's own, else that of the job.
    """

    attribute: Text | None = None
    all: StrictBool = False
    type: Kind = "text"
    format: Text | None = None
    language: Literal["de", "en", "en-US", "en-GB"] | None = None
    table: StrictBool = False
    fields: dict[Text, Kind | FieldSpec] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.attribute is not None and (self.table or self.fields):
            raise ValueError("say attribute in the fields")
        if self.fields and not self.table and any(self.spec(name).selector is None for name in self.fields):
            raise ValueError("each field needs a selector, or say table: true")
        return self

    def spec(self, name: str) -> FieldSpec:
        """Return what to read for a field."""
        asked = self.fields[name]
        return asked if isinstance(asked, FieldSpec) else FieldSpec(type=asked)


class DownloadParams(WebParams):
    """`url` may be relative to the page; without it the selected element is clicked.

    With `page` the address may be that of a page: it is opened and kept as it is then shown. With `document` it may be
    that of a page with a link to what is called so.
    """

    url: Text | None = None
    page: bool = False
    document: Text | None = None

    @model_validator(mode="after")
    def _a_page_has_an_address(self) -> Self:
        if (self.page or self.document) and self.url is None:
            raise ValueError("page and document need the url of the page")
        return self


class UploadParams(Answering):
    """`files` are addresses of artifacts of the same job."""

    files: tuple[Annotated[str, StringConstraints(pattern=r"^artifact://")], ...] = Field(min_length=1, max_length=20)


class ScreenshotParams(WebParams):
    """Of the selected element, else of the page: what is seen of it, or `full_page`."""

    full_page: StrictBool = False


class SnapshotParams(WebParams):
    """`limit` is the most letters, `depth` how many levels deep; with a selector only that part of the page."""

    limit: int = Field(default=20_000, ge=200, le=200_000)
    depth: int | None = Field(default=None, ge=1, le=100)


class LoginParams(Answering):
    """Log in at `url` with a credential, unless a session kept for it still holds: then `check` is seen there.

    Where the fields are not named they are recognised by what browsers go by. `reuse` false always logs in.
    """

    credential: Credential
    url: HttpAddress
    check: Postcondition
    username: Target = Target.model_validate(
        [
            "css=input[autocomplete~=username]",
            "css=input[type=email]",
            "css=input[name=username]",
            "css=form:has(input[type=password]) input[type=text]",
        ]
    )
    password: Target = Target.model_validate(["css=input[autocomplete~=current-password]", "css=input[type=password]"])
    submit: Target = Target.model_validate(
        [
            "css=form:has(input[type=password]) button[type=submit]",
            "css=form:has(input[type=password]) input[type=submit]",
            "css=form:has(input[type=password]) button",
        ]
    )
    reuse: StrictBool = True
