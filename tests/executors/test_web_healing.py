"""A target survives a rebuilt page when what fits now can be proved right; else it says what is there."""

import pytest

from scheduler.core.errors import Effect
from tests.support.site import Site
from tests.support.web import WebJob

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


async def recorded(job: WebJob, site: Site, action: str, selector: object, **fields: object) -> dict[str, object]:
    """Do a step on the page as it was and return the target that was recorded."""
    await job.do("goto", url=site.url("/form"))
    target: dict[str, object] = (await job.do(action, selector, **fields))["target"]
    await job.do("goto", url=site.url("/form/moved"))
    return target


async def test_what_worked_is_recorded_with_other_ways_to_it(web_job: WebJob, web_site: Site) -> None:
    target = await recorded(web_job, web_site, "click", "#send")

    assert target["role"] == "button"
    assert target["locators"] == [
        {"by": "css", "value": "#send"},
        {"by": "test_id", "value": "send"},
        {"by": "role", "value": "button", "name": "Absenden"},
        {"by": "text", "value": "Absenden"},
    ]


async def test_a_recorded_target_that_still_fits_is_not_recorded_again(web_job: WebJob, web_site: Site) -> None:
    target = await recorded(web_job, web_site, "fill", "#customer", text="Anna")
    await web_job.do("goto", url=web_site.url("/form"))

    again = await web_job.do("fill", target, text="Bert")

    assert again == {"fitted": "css=#customer"}


async def test_a_field_that_moved_is_found_filled_checked_and_reported(web_job: WebJob, web_site: Site) -> None:
    target = await recorded(web_job, web_site, "fill", "#customer", text="Anna")

    result = await web_job.do("fill", target, text="Bert")

    assert result["healed"] == {"sought": "css=#customer", "fitted": 'role=textbox[name="Kunde"]'}
    assert result["target"]["locators"][0] == {"by": "role", "value": "textbox", "name": "Kunde"}
    assert {"by": "css", "value": "#customer"} in result["target"]["locators"]
    assert (await web_job.do("extract", "[name=customer]", attribute="value"))["value"] == "Bert"


async def test_a_button_that_moved_is_pressed_when_the_step_says_what_proves_it(
    web_job: WebJob, web_site: Site
) -> None:
    target = await recorded(web_job, web_site, "click", "#send")

    result = await web_job.do("click", target, verify={"selector": "#hint"})

    assert result["healed"]["fitted"] == 'role=button[name="Absenden"]'
    assert result["title"] == "Gesendet"


async def test_a_button_that_moved_is_left_alone_when_nothing_would_prove_it(web_job: WebJob, web_site: Site) -> None:
    target = await recorded(web_job, web_site, "click", "#send")

    ended = await web_job.attempt("click", target, timeout=3)

    assert ended.error is not None
    assert (ended.error.code, ended.error.effect) == ("healing_unverified", Effect.NONE)
    assert (await web_job.do("snapshot"))["title"] == "Umgebaut"


async def test_a_healed_step_whose_proof_fails_has_failed(web_job: WebJob, web_site: Site) -> None:
    target = await recorded(web_job, web_site, "click", "#send")

    ended = await web_job.attempt("click", target, verify={"text": "Vielen Dank"})

    assert ended.error is not None
    assert (ended.error.code, ended.error.effect) == ("verification_failed", Effect.DONE)


async def test_a_link_does_not_take_the_place_of_a_button(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/form/moved"))
    target = {"locators": ["#send", "css=.trap"], "role": "button"}

    ended = await web_job.attempt("click", target, timeout=1, verify={"text": "Danke"})

    assert ended.error is not None
    assert ended.error.code == "element_not_found"
    assert "<a> Senden (link)" in ended.error.facts["candidates"]


async def test_a_lower_locator_that_fits_several_is_passed_over(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/table"))

    result = await web_job.do("extract", ["#gone", "role=button[name=Öffnen]", "css=tr:nth-child(2) button"])

    assert result["fitted"] == "css=tr:nth-child(2) button"
    assert await web_job.refused("extract", ["#gone", "role=button[name=Öffnen]"], timeout=1) == "ambiguous_target"


async def test_a_missing_element_is_told_with_what_is_there_instead(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/form/moved"))

    ended = await web_job.attempt("click", "role=button[name=Absendn]", timeout=1)

    assert ended.error is not None
    assert ended.error.facts["target"] == 'role=button[name="Absendn"]'
    assert ended.error.facts["candidates"].split("; ")[0] == 'role=button[name="Absenden"]'
    assert ended.error.facts["picture"] == ended.evidence[-1]


@pytest.mark.parametrize("number", ["4711", "4712"])
async def test_of_many_the_one_beside_a_text_is_meant(web_job: WebJob, web_site: Site, number: str) -> None:
    await web_job.do("goto", url=web_site.url("/table"))

    result = await web_job.do("click", f'near="{number}" role=button[name=Öffnen]')

    assert (await web_job.do("extract", "#answer"))["text"] == f"Offen: {number}"
    assert result["target"]["locators"][0] == {"by": "role", "value": "button", "name": "Öffnen", "near": number}


async def test_a_button_in_a_row_is_recorded_by_what_it_stands_beside(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/table"))

    target = (await web_job.do("click", "css=tr:nth-child(2) button"))["target"]

    assert {"by": "role", "value": "button", "name": "Öffnen", "near": "4712"} in target["locators"]


async def test_a_field_without_a_label_of_its_own_is_found_beside_a_text(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/table"))

    await web_job.do("fill", 'near="Brutto" css=input', text="119")

    assert (await web_job.do("extract", ".gross", attribute="value"))["value"] == "119"
    assert await web_job.refused("fill", 'near="Rabatt" css=input', text="5", timeout=1) == "element_not_found"


async def test_a_ref_of_the_last_look_becomes_a_locator_that_lasts(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/form"))
    page = (await web_job.do("snapshot"))["page"]
    line = next(line for line in page.splitlines() if "Absenden" in line)
    ref = line.partition("[ref=")[2].partition("]")[0]

    result = await web_job.do("click", f"ref={ref}")

    assert result["title"] == "Gesendet"
    assert result["target"]["locators"][:2] == [
        {"by": "test_id", "value": "send"},
        {"by": "role", "value": "button", "name": "Absenden"},
    ]


async def test_a_ref_into_a_frame_is_kept_with_the_frame(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/frames"))
    page = (await web_job.do("snapshot"))["page"]
    ref = next(line for line in page.splitlines() if "Drücken" in line).partition("[ref=")[2].partition("]")[0]

    target = (await web_job.do("click", f"ref={ref}"))["target"]

    assert target["frame"] == [{"by": "css", "value": "#one"}]
    assert target["locators"][0] == {"by": "role", "value": "button", "name": "Drücken"}
    await web_job.do("goto", url=web_site.url("/frames"))
    await web_job.do("click", target)


async def test_a_ref_that_is_gone_is_a_missing_element(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/form"))

    assert await web_job.refused("click", "ref=e999", timeout=1) == "element_not_found"


async def test_a_strict_page_whose_scripts_lie_is_seen_as_it_is(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/lying"))

    for _ in range(2):  # the second time from what is remembered
        filled = await web_job.do("fill", "#customer", text="Anna")
        assert {"by": "label", "value": "Kunde"} in filled["target"]["locators"]
    assert (await web_job.verify("fill", "#customer", text="Anna")).happened is True
    assert (await web_job.verify("fill", "#customer", text="gelogen")).happened is False
    assert (await web_job.do("click", "#send"))["title"] == "Gesendet"


async def test_another_element_in_the_same_place_is_described_anew(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/form"))
    first = await web_job.do("click", "button")
    page = web_job.executor._jobs[web_job.id].page
    await page.evaluate("() => { send.id = 'other'; other.textContent = 'Löschen'; other.dataset.testid = 'remove'; }")

    second = await web_job.do("click", "button")

    assert {"by": "test_id", "value": "send"} in first["target"]["locators"]
    assert {"by": "test_id", "value": "remove"} in second["target"]["locators"]
    assert {"by": "test_id", "value": "send"} not in second["target"]["locators"]
