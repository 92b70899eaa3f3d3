"""Pointer, scrolling, tabs, dialogs, frames and shadow roots, on a real page."""

import pytest

from tests.support.site import FILE_NAME, Site
from tests.support.web import WebJob

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


async def test_hover_opens_what_hangs_below(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/gestures"))
    assert (await web_job.verify("hover", "#open")).happened is False

    await web_job.do("hover", "#open", verify={"text": "Untermenü"})

    assert (await web_job.verify("hover", "#open")).happened is True
    assert (await web_job.do("extract", "#menu"))["text"] == "Untermenü"


async def test_drag_drops_one_element_onto_another(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/gestures"))

    await web_job.do("drag", "#card", to=["#goal"])

    assert (await web_job.verify("drag", "#card", to="#goal", verify={"text": "Karte ist da"})).happened is True


@pytest.mark.parametrize(("how", "seen"), [({"count": 2}, "Zweimal"), ({"button": "right"}, "Rechts")])
async def test_click_twice_or_with_the_other_button(
    web_job: WebJob, web_site: Site, how: dict[str, object], seen: str
) -> None:
    await web_job.do("goto", url=web_site.url("/gestures"))

    await web_job.do("click", "#twice", params=how)

    assert (await web_job.do("extract", "#twice"))["text"] == seen


async def test_a_click_that_never_came_about_had_no_effect(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/gestures"))

    ended = await web_job.attempt("click", "text=Gesperrt", timeout=2)

    assert ended.error is not None
    assert (ended.error.code, ended.error.effect) == ("timeout", "none")


async def test_scroll_goes_to_an_element_to_the_end_and_inside_a_list(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/gestures"))
    assert (await web_job.verify("scroll", "#foot")).happened is False

    await web_job.do("scroll", "#foot")
    assert (await web_job.verify("scroll", "#foot")).happened is True
    await web_job.do("scroll", to="top")
    assert (await web_job.verify("scroll", to="top")).happened is True
    assert (await web_job.verify("scroll", to="bottom")).happened is False
    await web_job.do("scroll", "#list", to="bottom")
    assert (await web_job.verify("scroll", "#list", to="bottom")).happened is True
    await web_job.do("scroll", "#list", by=-50)
    assert (await web_job.verify("scroll", "#list", by=-50)).happened is None


async def test_keys_are_typed_one_by_one_where_the_field_watches_them(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/gestures"))

    await web_job.do("fill", "#typed", text="abc", keys=True)

    assert (await web_job.do("extract", "#typed", attribute="data-keys"))["value"] >= "3"
    assert (await web_job.verify("fill", "#typed", text="abc", keys=True)).happened is True


async def test_several_options_are_chosen_at_once(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/gestures"))

    result = await web_job.do("select", "#colours", label=["Rot", "Blau"])

    assert result["values"] == ["r", "b"]
    assert (await web_job.verify("select", "#colours", label=["Rot", "Blau"])).happened is True
    assert (await web_job.verify("select", "#colours", value=["r"])).happened is False


async def test_a_prompt_gets_the_stated_answer_and_an_unexpected_one_is_reported(
    web_job: WebJob, web_site: Site
) -> None:
    await web_job.do("goto", url=web_site.url("/gestures"))

    stated = await web_job.do("click", "text=Nummer", dialog="accept", answer="4711")
    unstated = await web_job.do("click", "text=Melden")

    assert stated["dialogs"] == [{"kind": "prompt", "message": "Welche Nummer?", "answer": "accept"}]
    assert (await web_job.do("extract", "text=4711"))["text"] == "4711"
    assert unstated["dialogs"] == [
        {"kind": "alert", "message": "Fertig!", "answer": "dismiss", "unexpected": "the step states no answer"}
    ]


async def test_tabs_are_found_by_title_address_and_age_and_closed(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/gestures"))
    await web_job.do("click", "text=Zweites Fenster")

    back = await web_job.do("tab", title="Gesten")
    again = await web_job.do("tab", url="/gestures/other")
    assert (await web_job.verify("tab", url="/gestures/other")).happened is True
    assert (await web_job.verify("tab", number=1)).happened is False
    closed = await web_job.do("tab", close=True)

    assert (back["title"], back["tabs"]) == ("Gesten", 2)
    assert again["title"] == "Anderes"
    assert (closed["title"], closed["tabs"]) == ("Gesten", 1)
    missing = await web_job.attempt("tab", title="Gibt es nicht", timeout=1)
    assert missing.error is not None
    assert missing.error.code == "tab_not_found"
    assert "Gesten" in missing.error.facts["candidates"]


async def test_a_file_that_comes_by_itself_is_waited_for(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/gestures"))
    await web_job.do("click", "text=Bericht erstellen")

    result = await web_job.do("wait_for", download=True)

    assert result["name"] == FILE_NAME
    assert (await web_job.verify("wait_for", download=True)).happened is True
    assert await web_job.refused("wait_for", download=True, timeout=1) == "timeout"


async def test_wait_for_a_quiet_network(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/troubled"))

    assert (await web_job.do("wait_for", idle=True))["title"] == "Kaputt"


@pytest.mark.parametrize(
    ("frame", "label"), [("#one", "Nummer"), ("#two", "Nummer"), (["#two", "css=#inner"], "Tief innen")]
)
async def test_a_field_in_a_frame_is_the_one_of_that_frame(
    web_job: WebJob, web_site: Site, frame: object, label: str
) -> None:
    await web_job.do("goto", url=web_site.url("/frames"))
    target = {"locators": [f"label={label}"], "frame": frame}

    result = await web_job.do("fill", target, text="4711")

    assert (await web_job.verify("fill", target, text="4711")).happened is True
    held = await web_job.do("extract", "css=label > input", attribute="value", all=True)
    assert sorted(held["values"]) == ["", "", "", "", "4711"]
    assert result["target"]["frame"]


async def test_without_a_frame_all_are_searched_and_several_are_ambiguous(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/frames"))

    assert await web_job.refused("fill", "label=Nummer", text="x") == "ambiguous_target"
    await web_job.do("fill", "label=Tief innen", text="x")
    await web_job.do("click", "text=Drücken", verify={"text": "Gedrückt"})


async def test_a_frame_that_is_not_there_is_a_missing_element(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/frames"))

    target = {"locators": ["label=Nummer"], "frame": "#none"}
    assert await web_job.refused("fill", target, text="x", timeout=1) == "element_not_found"


async def test_shadow_roots_are_no_wall(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/frames"))

    await web_job.do("fill", "#deep", text="a")
    await web_job.do("fill", "label=Schatten", text="b")

    assert (await web_job.do("extract", "#host #deep", attribute="value"))["value"] == "b"
    assert (await web_job.do("extract", "role=button[name=Im Schatten]"))["text"] == "Im Schatten"
