"""What can be asked of the web executor: its actions, their parameters, their risk, and which may be repeated."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, model_validator

from scheduler.core.actions import ActionSpec, Risk, SessionUse

HttpAddress = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]", max_length=8192)]
_Text = Annotated[str, StringConstraints(min_length=1)]


class WebParams(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GotoParams(WebParams):
    url: HttpAddress


class ClickParams(WebParams):
    """`dialog` is the answer to a question the page asks in a window of the browser's own."""

    dialog: Literal["accept", "dismiss"] = "dismiss"


class SelectParams(WebParams):
    """The option by its `value` or by the `label` people see."""

    value: str | None = None
    label: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "SelectParams":
        if (self.value is None) == (self.label is None):
            raise ValueError("say either value or label")
        return self


class CheckParams(WebParams):
    checked: StrictBool = True


class PressParams(WebParams):
    """`key` as Playwright names it: `Enter`, `Control+a`."""

    key: _Text


class WaitForParams(WebParams):
    """All that is given must hold: `state` of the element, `url` as a part of the address, `text` to be seen."""

    state: Literal["visible", "hidden", "attached"] = "visible"
    url: _Text | None = None
    text: _Text | None = None


class ExtractParams(WebParams):
    """`all` takes every element that fits instead of the only one."""

    attribute: _Text | None = None
    all: StrictBool = False


class DownloadParams(WebParams):
    """`url` may be relative to the page; without it the selected element is clicked."""

    url: _Text | None = None


class UploadParams(WebParams):
    """`files` are addresses of artifacts of the same job."""

    files: tuple[Annotated[str, StringConstraints(pattern=r"^artifact://")], ...] = Field(min_length=1, max_length=20)


class ScreenshotParams(WebParams):
    full_page: StrictBool = False


_NEEDS, _CHANGES = SessionUse.NEEDS, SessionUse.CHANGES
_STEP = frozenset({"fitted", "dialogs"})
_PAGE = _STEP | {"url", "title"}
GOTO = ActionSpec(
    name="web.goto", result=_PAGE, session=_CHANGES, description="Open an address", params=GotoParams, repeatable=True
)
CLICK = ActionSpec(
    name="web.click",
    result=_PAGE,
    session=_CHANGES,
    description="Click an element",
    params=ClickParams,
    risk=Risk.MEDIUM,
    needs_selector=True,
)
FILL = ActionSpec(
    name="web.fill",
    result=_STEP,
    session=_CHANGES,
    description="Fill a field with a text or with secret://name",
    repeatable=True,
    needs_selector=True,
    needs_text=True,
)
SELECT = ActionSpec(
    name="web.select",
    result=_STEP | {"value"},
    session=_CHANGES,
    description="Choose an option of a list",
    params=SelectParams,
    repeatable=True,
    needs_selector=True,
)
CHECK = ActionSpec(
    name="web.check",
    result=_STEP | {"checked"},
    session=_CHANGES,
    description="Set or clear a box",
    params=CheckParams,
    repeatable=True,
    needs_selector=True,
)
PRESS = ActionSpec(
    name="web.press", result=_PAGE, session=_CHANGES, description="Press a key", params=PressParams, risk=Risk.MEDIUM
)
WAIT_FOR = ActionSpec(
    name="web.wait_for",
    result=_PAGE,
    session=_CHANGES,
    description="Wait for an element, an address or a text",
    params=WaitForParams,
    repeatable=True,
)
EXTRACT = ActionSpec(
    name="web.extract",
    result=_STEP | {"text", "texts", "value", "values"},
    session=_NEEDS,
    description="Read text off the page",
    params=ExtractParams,
    repeatable=True,
    needs_selector=True,
)
DOWNLOAD = ActionSpec(
    name="web.download",
    result=_STEP | {"artifact", "name", "bytes", "sha256", "media_type"},
    session=_NEEDS,
    description="Fetch a file",
    params=DownloadParams,
    repeatable=True,
)
UPLOAD = ActionSpec(
    name="web.upload",
    result=_PAGE | {"files"},
    session=_CHANGES,
    description="Hand files to the page",
    params=UploadParams,
    risk=Risk.MEDIUM,
    needs_selector=True,
)
SCREENSHOT = ActionSpec(
    name="web.screenshot",
    result=_STEP | {"path"},
    session=_NEEDS,
    description="Take a picture of the page",
    params=ScreenshotParams,
    repeatable=True,
)

WEB_ACTIONS = (GOTO, CLICK, FILL, SELECT, CHECK, PRESS, WAIT_FOR, EXTRACT, DOWNLOAD, UPLOAD, SCREENSHOT)
