"""browser-use's own tools over CDP, without a language model. It types key by key, so it is not quite the same work."""

import asyncio
import json
import logging
import os
import sys
import time

os.environ["ANONYMIZED_TELEMETRY"] = "false"
os.environ["BROWSER_USE_LOGGING_LEVEL"] = "result"
from browser_use import BrowserProfile, BrowserSession, Tools

from bench.web.steps import EXPECTED, FLAGS, STEPS, serve_form


async def main(rounds: int, browser: str) -> None:
    url, _ = serve_form()
    begun = time.perf_counter()
    profile = BrowserProfile(
        executable_path=browser,
        headless=True,
        args=list(FLAGS),
        chromium_sandbox=False,
        enable_default_extensions=False,
        keep_alive=True,
        user_data_dir=None,
        highlight_elements=False,
    )
    session = BrowserSession(browser_profile=profile)
    await session.start()
    start = (time.perf_counter() - begun) * 1000
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        await one_round(session, url)
        taken.append((time.perf_counter() - begun) * 1000)
    await session.kill()
    print(json.dumps({"start": start, "rounds": taken}))


async def one_round(session: BrowserSession, url: str) -> None:
    tools = Tools()
    model = tools.registry.create_action_model()

    async def do(**action: object) -> None:
        result = await tools.act(model(**action), browser_session=session)
        if result.error:
            raise RuntimeError(result.error)

    await do(navigate={"url": url, "new_tab": False})
    await session.get_browser_state_summary(include_screenshot=False)  # the look an agent's step begins with
    index = {node.attributes.get("id"): number for number, node in (await session.get_selector_map()).items()}
    for action, *rest in STEPS[1:]:
        number = index[rest[0]]
        if action == "fill":
            await do(input={"index": number, "text": rest[1], "clear": True})
        elif action == "select":
            await do(select_dropdown={"index": number, "text": "Germany"})
        else:
            await do(click={"index": number})
    cdp = await session.get_or_create_cdp_session()
    asked = {"expression": "document.getElementById('result').textContent"}
    got = await cdp.cdp_client.send.Runtime.evaluate(params=asked, session_id=cdp.session_id)
    if got["result"]["value"] != EXPECTED:
        raise RuntimeError("the form says something else")


if __name__ == "__main__":
    logging.disable(logging.INFO)
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
