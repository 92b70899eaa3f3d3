"""Attaches files to a draft: small ones in one request, large ones in ranges that can be resumed."""

import asyncio
import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from scheduler.executors.graph_client import GraphSession
from scheduler.executors.graph_errors import AnswerLost, GraphRefusal

ONE_REQUEST = 3_000_000
"""Files from this size on need an upload session."""
RANGE = 12 * 327_680
"""Bytes sent at once: below the 4 MB that Graph takes."""
_MOST_TROUBLES = 5
_OTHER_RANGE = {httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE, httpx.codes.CONFLICT}


async def attach(graph: GraphSession, draft: str, item: Mapping[str, Any], file: Path) -> None:
    """Attach a file; `item` has its name, contentType, isInline and contentId. Raises AnswerLost, GraphRefusal."""
    size = (await asyncio.to_thread(file.stat)).st_size
    if size < ONE_REQUEST:
        content = await asyncio.to_thread(file.read_bytes)
        document = {"@odata.type": "#microsoft.graph.fileAttachment", **item}
        document["contentBytes"] = base64.b64encode(content).decode()
        await graph.post(f"messages/{draft}/attachments", document)
        return
    wanted = {"AttachmentItem": {"attachmentType": "file", "size": size, **item}}
    session = await graph.post(f"messages/{draft}/attachments/createUploadSession", wanted)
    await _upload(graph, session["uploadUrl"], file, size)


async def _upload(graph: GraphSession, url: str, file: Path, size: int) -> None:
    """Send range after range; after trouble go on where Graph says it is. The last range answers 201."""
    start, troubles = 0, 0
    with file.open("rb") as source:
        while True:
            source.seek(start)
            content = await asyncio.to_thread(source.read, RANGE)
            headers = {"Content-Range": f"bytes {start}-{start + len(content) - 1}/{size}"}
            try:
                answer = await graph.at_upload("PUT", url, content=content, headers=headers)
            except (AnswerLost, GraphRefusal) as trouble:
                troubles += 1
                start = await _resume(graph, url, trouble, give_up=troubles >= _MOST_TROUBLES)
                continue
            if answer.status_code == httpx.codes.CREATED:
                return
            start = _next(answer.json())


async def _resume(graph: GraphSession, url: str, trouble: AnswerLost | GraphRefusal, *, give_up: bool) -> int:
    """Ask where to go on. Raises the trouble again when Graph does not say: the draft is then given up."""
    if give_up or (isinstance(trouble, GraphRefusal) and trouble.status not in _OTHER_RANGE):
        raise trouble
    try:
        return _next((await graph.at_upload("GET", url)).json())
    except GraphRefusal:
        raise AnswerLost(f"the upload was interrupted and cannot be resumed: {trouble}") from trouble


def _next(state: Mapping[str, Any]) -> int:
    return int(str(state["nextExpectedRanges"][0]).split("-")[0])
