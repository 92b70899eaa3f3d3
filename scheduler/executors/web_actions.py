"""What can be asked of the web executor: its actions, their parameters, their risk, and which may be repeated."""

from scheduler.core.actions import ActionSpec, Risk, SessionUse
from scheduler.executors import web_params as params

_NEEDS, _CHANGES = SessionUse.NEEDS, SessionUse.CHANGES
_STEP = frozenset({"fitted", "healed", "target", "dialogs", "trace"})
_PAGE = _STEP | {"url", "title"}
_FILE = frozenset({"artifact", "name", "bytes", "sha256", "media_type"})

GOTO = ActionSpec(
    name="web.goto",
    result=_PAGE,
    session=_CHANGES,
    description="Open an address",
    params=params.GotoParams,
    repeatable=True,
)
CLICK = ActionSpec(
    name="web.click",
    result=_PAGE,
    session=_CHANGES,
    description="Click an element",
    params=params.ClickParams,
    risk=Risk.MEDIUM,
    needs_selector=True,
)
FILL = ActionSpec(
    name="web.fill",
    result=_STEP,
    session=_CHANGES,
    description="Fill a field with a text or with secret://name",
    params=params.FillParams,
    repeatable=True,
    needs_selector=True,
    needs_text=True,
)
SELECT = ActionSpec(
    name="web.select",
    result=_STEP | {"value", "values"},
    session=_CHANGES,
    description="Choose options of a list",
    params=params.SelectParams,
    repeatable=True,
    needs_selector=True,
)
CHECK = ActionSpec(
    name="web.check",
    result=_STEP | {"checked"},
    session=_CHANGES,
    description="Set or clear a box",
    params=params.CheckParams,
    repeatable=True,
    needs_selector=True,
)
PRESS = ActionSpec(
    name="web.press",
    result=_PAGE,
    session=_CHANGES,
    description="Press a key",
    params=params.PressParams,
    risk=Risk.MEDIUM,
)
HOVER = ActionSpec(
    name="web.hover",
    result=_STEP,
    session=_CHANGES,
    description="Hold the pointer over an element",
    params=params.WebParams,
    repeatable=True,
    needs_selector=True,
)
DRAG = ActionSpec(
    name="web.drag",
    result=_PAGE,
    session=_CHANGES,
    description="Drag an element onto another",
    params=params.DragParams,
    risk=Risk.MEDIUM,
    needs_selector=True,
)
SCROLL = ActionSpec(
    name="web.scroll",
    result=_STEP,
    session=_CHANGES,
    description="Scroll the page or an element, or bring an element into view",
    params=params.ScrollParams,
    repeatable=True,
)
TAB = ActionSpec(
    name="web.tab",
    result=_PAGE | {"tabs"},
    session=_CHANGES,
    description="Go to another tab, or close one",
    params=params.TabParams,
    repeatable=True,
)
WAIT_FOR = ActionSpec(
    name="web.wait_for",
    result=_PAGE | _FILE,
    session=_CHANGES,
    description="Wait for an element, an address, a text, a file or a quiet network",
    params=params.WaitForParams,
    repeatable=True,
)
EXTRACT = ActionSpec(
    name="web.extract",
    result=_STEP | {"text", "texts", "value", "values", "rows", "record"},
    session=_NEEDS,
    description="Read texts, values, tables and records off the page",
    params=params.ExtractParams,
    repeatable=True,
    needs_selector=True,
)
DOWNLOAD = ActionSpec(
    name="web.download",
    result=_STEP | _FILE,
    session=_NEEDS,
    description="Fetch a file",
    params=params.DownloadParams,
    repeatable=True,
)
UPLOAD = ActionSpec(
    name="web.upload",
    result=_PAGE | {"files"},
    session=_CHANGES,
    description="Hand files to the page",
    params=params.UploadParams,
    risk=Risk.MEDIUM,
    needs_selector=True,
)
SCREENSHOT = ActionSpec(
    name="web.screenshot",
    result=_STEP | {"path"},
    session=_NEEDS,
    description="Take a picture of the page or of an element",
    params=params.ScreenshotParams,
    repeatable=True,
)
SNAPSHOT = ActionSpec(
    name="web.snapshot",
    result=_PAGE | {"page", "cut"},
    session=_NEEDS,
    description="Say what is on the page, each element with a ref to point at",
    params=params.SnapshotParams,
    repeatable=True,
)
LOGIN = ActionSpec(
    name="web.login",
    result=_PAGE | {"reused"},
    session=_CHANGES,
    description="Log in with a credential, unless a session kept for it still holds",
    params=params.LoginParams,
    risk=Risk.MEDIUM,
    repeatable=True,
)

WEB_ACTIONS = (
    GOTO, CLICK, FILL, SELECT, CHECK, PRESS, HOVER, DRAG, SCROLL, TAB, WAIT_FOR, EXTRACT, DOWNLOAD, UPLOAD, SCREENSHOT,
    SNAPSHOT, LOGIN,
)  # fmt: skip
