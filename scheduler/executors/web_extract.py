"""Reads texts, values, tables and records off the page, typed as the plan says."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scheduler.core.errors import ElementNotFoundError, InvalidInputError
from scheduler.core.task_executor_interface import parse_params
from scheduler.executors.typed_text import Kind, Value, typed
from scheduler.executors.web_errors import public_url
from scheduler.executors.web_looks import Reading, read
from scheduler.executors.web_params import ExtractParams, FieldSpec
from scheduler.executors.web_step import Step
from scheduler.executors.web_targets import POLL, any_match

if TYPE_CHECKING:
    from playwright.async_api import Locator

_LANGUAGE = "() => document.documentElement.lang"
_LANGUAGES = ("de", "en-US", "en-GB", "en")


async def extract(step: Step) -> dict[str, Any]:
    params = parse_params(ExtractParams, step.todo)
    if params.table:
        return await _table(step, params)
    if params.fields:
        return await _records(step, params)
    name = "value" if params.attribute else "text"
    if not params.all:
        held = (await step.element(reading=Reading("text", params.attribute))).held
        return {name: await _typed(step, params, _readable(step, held, params.attribute), "params")}
    texts = [await _read(step, element, params.attribute) for element in await _every(step)]
    language = await _language(step, params)
    return {f"{name}s": [_value(step, text, params.type, language, params.format, "params") for text in texts]}


async def _table(step: Step, params: ExtractParams) -> dict[str, Any]:
    """Read the rows of a table by its headers. Raises InvalidInputError, which names the headers there are."""
    found = (await step.element(reading=Reading("table"))).held
    headers: list[str] = found["headers"]
    language = await _language(step, params)
    if not params.fields:
        return {"rows": [_plain_row(step, headers, row["cells"]) for row in found["rows"]]}
    places = {name: _column(step, name, params.spec(name), headers) for name in params.fields}
    rows = []
    for number, row in enumerate(found["rows"]):
        cells = {name: row["cells"][place] if place < len(row["cells"]) else None for name, place in places.items()}
        rows.append(_record(step, params, cells, language, f"row {number + 1}"))
    return {"rows": rows}


def _plain_row(step: Step, headers: list[str], cells: list[str]) -> dict[str, str]:
    names = [header or f"column {number + 1}" for number, header in enumerate(headers)]
    names += [f"column {number + 1}" for number in range(len(names), len(cells))]
    return {step.clean(name): step.clean(cell) for name, cell in zip(names, cells, strict=False)}


def _column(step: Step, name: str, spec: FieldSpec, headers: list[str]) -> int:
    wanted = (spec.header or name).casefold()
    places = [place for place, header in enumerate(headers) if header.casefold() == wanted]
    if not places:
        places = [place for place, header in enumerate(headers) if wanted in header.casefold()]
    if len(places) != 1:
        there = ", ".join(repr(header) for header in headers)
        how = "no column" if not places else "more than one column"
        raise InvalidInputError(
            f"{step.todo.id}.params.fields.{name}", f"{how} is called {spec.header or name!r}; there are {there}"
        )
    return places[0]


async def _records(step: Step, params: ExtractParams) -> dict[str, Any]:
    language = await _language(step, params)
    wanted = {name: [params.spec(name).selector, params.spec(name).attribute] for name in params.fields}
    elements = await _every(step) if params.all else [(await step.element()).element]
    texts = await asyncio.gather(*(read(one, Reading("record", wanted), step.left) for one in elements))
    records = [_record(step, params, one, language, f"element {number + 1}") for number, one in enumerate(texts)]
    return {"rows": records} if params.all else {"record": records[0]}


def _record(
    step: Step, params: ExtractParams, read: Mapping[str, str | None], language: str, where: str
) -> dict[str, Value | None]:
    record: dict[str, Value | None] = {}
    for name, text in read.items():
        spec, field = params.spec(name), f"params.fields.{name} ({where})"
        if text is None or (not text.strip() and spec.optional):
            if not spec.optional:
                raise InvalidInputError(
                    f"{step.todo.id}.{field}", "is not there; say optional: true if it may be missing"
                )
            record[name] = None
        else:
            record[name] = _value(step, text, spec.type, language, spec.format, field)
    return record


async def _every(step: Step) -> "tuple[Locator, ...]":
    target = step.target()
    while not (elements := await any_match(step.page, target)):
        if asyncio.get_running_loop().time() >= step.until:
            raise ElementNotFoundError(str(target), public_url(step.page.url))
        await asyncio.sleep(POLL)
    return elements


async def _typed(step: Step, params: ExtractParams, text: str, field: str) -> Value:
    language = "" if params.type == "text" else await _language(step, params)
    return _value(step, text, params.type, language, params.format, field)


def _value(step: Step, text: str, kind: Kind, language: str, pattern: str | None, field: str) -> Value:
    text = step.clean(text)
    if kind == "text":
        return text
    try:
        return typed(text, kind, language, pattern)
    except ValueError as error:
        raise InvalidInputError(f"{step.todo.id}.{field}", str(error)) from error


async def _language(step: Step, params: ExtractParams) -> str:
    """Return how the page writes: as the plan says, else as the page says of itself, else as the job's people do."""
    said = params.language or await step.page.evaluate(_LANGUAGE) or step.locale
    return next((known for known in _LANGUAGES if said.lower().startswith(known.lower())), step.locale)


async def _read(step: Step, element: "Locator", attribute: str | None) -> str:
    return _readable(step, await read(element, Reading("text", attribute), step.left), attribute)


def _readable(step: Step, read: object, attribute: str | None) -> str:
    if read is None:
        raise InvalidInputError(f"{step.todo.id}.params.attribute", f"the element has no {attribute!r} to be read")
    return str(read)
