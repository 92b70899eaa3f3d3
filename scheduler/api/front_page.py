"""What people find who open the address of the API in a browser: its description, with nothing fetched from elsewhere.

The description is shown by Swagger UI, whose files come with the package `fastapi-swagger`; FastAPI's own page would
have the browser get them from another host, and is empty without it.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from pydantic import BaseModel
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from scheduler import __version__

DOCS: Final = "/docs"
_FILES: Final = "/docs/files"
_OPENAPI: Final = "/openapi.json"
_PACKAGE: Final = "fastapi_swagger"
_READS: Final = ["GET", "HEAD"]

router = APIRouter(include_in_schema=False)


class FrontPage(BaseModel):
    """Where to go on, for programs."""

    name: str = "CPA"
    version: str = __version__
    docs: str = DOCS
    openapi: str = _OPENAPI
    health: str = "/health"


@router.api_route("/", methods=_READS)
async def front_page(request: Request) -> Response:
    """Lead a browser to the description, and tell a program where things are."""
    root, headers = request.scope.get("root_path", ""), {"Vary": "Accept"}
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(f"{root}{DOCS}", headers=headers)
    return JSONResponse(FrontPage().model_dump(), headers=headers)


@router.api_route(DOCS, methods=_READS)
async def docs(request: Request) -> HTMLResponse:
    """Show the description of the API, and let people try it."""
    root = request.scope.get("root_path", "")
    return get_swagger_ui_html(
        openapi_url=f"{root}{_OPENAPI}",
        title="CPA",
        swagger_js_url=f"{root}{_FILES}/swagger-ui-bundle.js",
        swagger_css_url=f"{root}{_FILES}/swagger-ui.css",
        swagger_favicon_url=f"{root}{_FILES}/favicon-32x32.png",
        swagger_ui_parameters={"validatorUrl": None, "docExpansion": "none", "displayRequestDuration": True},
    )


def files() -> Mount:
    """Return the route of the files of Swagger UI; the package itself is not imported for them."""
    found = find_spec(_PACKAGE)
    (folder,) = (found and found.submodule_search_locations) or [""]
    return Mount(_FILES, StaticFiles(directory=Path(folder, "resources")), name="files of the description")
