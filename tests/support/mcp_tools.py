"""A small MCP server made with the official SDK: `python -m tests.support.mcp_tools [PORT]`, else over stdio.

`COUNTS` in its environment names a file to which every use of a tool adds a line.
"""

import asyncio
import os
import sys
from pathlib import Path

from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import BaseModel

server = MCPServer("books", log_level="ERROR")


class Book(BaseModel):
    title: str
    pages: int


def _count(tool: str) -> None:
    with Path(os.environ["COUNTS"]).open("a", encoding="utf-8") as file:
        file.write(f"{tool}\n")


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def look_up(isbn: str, pages: int = 1) -> Book:
    """Find a book."""
    _count("look_up")
    return Book(title=f"Book {isbn}", pages=pages)


@server.tool()
def order(isbn: str) -> str:
    """Order a book."""
    _count("order")
    raise ToolError(f"{isbn} is sold out")


@server.tool()
async def hang(seconds: float) -> str:
    """Take long."""
    _count("hang")
    await asyncio.sleep(seconds)
    return "at last"


@server.tool()
def die() -> str:
    """End the process."""
    _count("die")
    os._exit(9)


@server.tool()
def flood(size: int) -> str:
    """Say much."""
    return "x" * size


@server.tool(name="Cover-Picture")
def cover() -> Image:
    """Show the cover."""
    return Image(data=b"\x89PNG\r\n", format="png")


@server.tool()
def surroundings() -> list[str]:
    """Name the environment."""
    return sorted(os.environ)


@server.tool()
async def learn(name: str, context: Context) -> str:
    """Offer another tool from now on, and tell so."""
    server.add_tool(look_up, name=name, description="Find a book in another way.")
    await _tell(context)
    return name


@server.tool()
async def unlearn(name: str, context: Context) -> str:
    """Offer a tool no more, and tell so."""
    server.remove_tool(name)
    await _tell(context)
    return name


async def _tell(context: Context) -> None:
    await context.notify_tools_changed()
    await context.request_context.session.send_tool_list_changed()  # which servers of before 2026-07-28 do


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", port=int(sys.argv[1]))
    else:
        server.run("stdio")
