"""Who opens the address of the API finds its description, in a browser that reaches nothing else."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from scheduler.executors.browser_pool import find_browser
from tests.support.services import Api

if TYPE_CHECKING:
    from playwright.async_api import Route


@pytest.mark.component
async def test_a_program_is_told_where_things_are_and_a_browser_is_led_there(api: Api) -> None:
    told = await api.client.get("/")
    led = await api.client.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert told.json().keys() == {"name", "version", "docs", "openapi", "health"}
    for name in ("docs", "openapi", "health"):
        assert (await api.client.get(told.json()[name])).status_code == 200
    assert (led.status_code, led.headers["location"]) == (307, "/docs")
    assert told.headers["vary"] == led.headers["vary"] == "Accept"
    assert (await api.client.head("/")).status_code == 200


@pytest.mark.component
async def test_only_files_of_the_description_are_given(api: Api) -> None:
    for path in ("nothing.js", "../main.py", "%2e%2e/main.py", "__init__.py/x"):
        assert (await api.client.get(f"/docs/files/{path}")).status_code == 404


@pytest.mark.integration
async def test_a_browser_shows_the_description_and_asks_nobody_else(api: Api) -> None:
    from playwright.async_api import async_playwright  # noqa: PLC0415 - takes long to import

    elsewhere = list[str]()

    async def answer(route: "Route") -> None:
        asked = urlsplit(route.request.url)
        if asked.hostname != "cpa.test":
            elsewhere.append(route.request.url)
            await route.abort()
            return
        got = await api.client.get(asked.path, headers=route.request.headers)
        await route.fulfill(status=got.status_code, headers=dict(got.headers), body=got.content)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser(headless=True), args=["--no-sandbox"])
        page = await browser.new_page()
        await page.route("**/*", answer)
        await page.goto("http://cpa.test/docs")
        await page.locator(".opblock-tag").first.wait_for(timeout=60_000)
        tags = await page.locator(".opblock-tag").all_inner_texts()
        await browser.close()

    assert any(tag.startswith("schedule") for tag in tags)
    assert elsewhere == []
