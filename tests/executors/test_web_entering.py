"""A plain field gets its text in two turns and hears what Playwright lets it hear; no other is taken for one."""

import pytest

from tests.support.site import Site
from tests.support.web import WebJob

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

_PAGE = """<!doctype html><meta charset="utf-8"><title>Felder</title>
<script>
const told = {{}}, KINDS = ['focus', 'beforeinput', 'input', 'change', 'keydown'];
function watch(e) {{
  told[e.id] = [];
  for (const kind of KINDS) e.addEventListener(kind, one => told[e.id].push([kind, one.isTrusted, one.data ?? '']));
}}
</script>
{fields}<input id="away">
<script>document.querySelectorAll('[id]').forEach(watch);</script>"""
_PLAIN = {
    "text": ('<input id="{}" value="alt" maxlength="9">', "Müller & Söhne"),
    "email": ('<input id="{}" type="email" value="a@b.example">', "ada@example.org"),
    "number": ('<input id="{}" type="number" value="7">', "-3.5"),
    "area": ('<textarea id="{}">eins</textarea>', "zwei\ndrei"),
    "masked": ('<input id="{}" oninput="this.value = this.value.replace(/[a-z]/g, \'\')">', "4a7b11"),
    "moving": ('<input id="{}" oninput="this.blur()">', "weiter"),
}
_OTHER = {
    "date": ('<input id="{}" type="date">', "2026-11-27"),
    "rich": ('<div id="{}" contenteditable>alt</div>', "neu"),
    "emptied": ('<input id="{}" value="alt">', ""),
}


@pytest.mark.parametrize("kind", [*_PLAIN, *_OTHER])
async def test_a_field_hears_what_playwright_lets_it_hear(web_job: WebJob, web_site: Site, kind: str) -> None:
    field, text = (_PLAIN | _OTHER)[kind]
    await web_job.do("goto", url=web_site.url("/form"))
    page = web_job.executor._jobs[web_job.id].page
    for _ in range(2):  # the second time from what is remembered of it
        await page.set_content(_PAGE.format(fields=field.format("ours") + field.format("theirs")))
        await page.fill("#theirs", text)
        await page.focus("#away")
        await web_job.do("fill", "#ours", text=text)
        await page.focus("#away")

        ours, theirs = await page.evaluate("[told.ours, told.theirs]")
        assert ours == theirs
        assert await page.evaluate("(ours.value ?? ours.innerText) === (theirs.value ?? theirs.innerText)")
    assert (await web_job.verify("fill", "#ours", text=text)).happened is (kind not in {"text", "masked"})


@pytest.mark.parametrize("field", ['<input id="f" readonly>', '<fieldset disabled><input id="f"></fieldset>'])
async def test_a_field_is_waited_for_until_one_may_enter(web_job: WebJob, web_site: Site, field: str) -> None:
    await web_job.do("goto", url=web_site.url("/form"))
    page = web_job.executor._jobs[web_job.id].page
    await page.set_content(f'<input id="other" autofocus>{field}')
    await page.focus("#other")

    assert await web_job.refused("fill", "#f", text="x", timeout=1) == "timeout"

    assert await page.evaluate("[f.value, other.value]") == ["", ""]
    await page.evaluate(
        "setTimeout(() => { f.readOnly = false; f.closest('fieldset')?.removeAttribute('disabled') }, 300)"
    )
    await web_job.do("fill", "#f", text="x")
    assert await page.evaluate("[f.value, other.value]") == ["x", ""]


async def test_a_text_is_no_number(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/form"))
    await web_job.executor._jobs[web_job.id].page.set_content('<input id="f" type="number" value="7">')

    assert await web_job.refused("fill", "#f", text="sieben", timeout=2) == "invalid_input"

    assert (await web_job.verify("fill", "#f", text="7")).happened is True


_BOXES = {
    "box": '<input id="{}" type="checkbox">',
    "ticked": '<input id="{}" type="checkbox" checked>',
    "labelled": '<label>Ja <input id="{}" type="checkbox"></label>',
    "radio": '<input id="{}" type="radio">',
    "far": '<div style="height: 3000px"></div><input id="{}" type="checkbox">',
    "half": '<input id="{}" type="checkbox" onclick="this.indeterminate = false">',
}
_PRESSED = "'pointerdown', 'mousedown', 'mouseup', 'click', 'input', 'change'"


@pytest.mark.parametrize("kind", _BOXES)
async def test_a_box_hears_what_playwright_lets_it_hear(web_job: WebJob, web_site: Site, kind: str) -> None:
    field = _BOXES[kind]
    await web_job.do("goto", url=web_site.url("/form"))
    page = web_job.executor._jobs[web_job.id].page
    document = _PAGE.replace("'beforeinput', 'input', 'change', 'keydown'", _PRESSED)
    for _ in range(2):  # the second time from what is remembered of it
        await page.set_content(document.format(fields=field.format("ours") + field.format("theirs")))
        await page.check("#theirs")
        await web_job.do("check", "#ours")

        ours, theirs = await page.evaluate("[told.ours, told.theirs]")
        assert ours == theirs
    assert (await web_job.verify("check", "#ours")).happened is True
    assert (await web_job.verify("check", "#ours", checked=False)).happened is False
    if kind != "radio":
        await web_job.do("check", "#ours", checked=False)
        assert await page.is_checked("#ours") is False


@pytest.mark.parametrize(
    ("trap", "ticked"),
    [
        ("ours.addEventListener('pointermove', () => { ours.style.marginLeft = '200px'; })", True),
        ("ours.addEventListener('pointermove', () => { bad.style.position = 'fixed'; })", None),
        ("ours.addEventListener('change', () => { ours.outerHTML = '<input id=ours type=checkbox checked>'; })", True),
        ("ours.addEventListener('click', one => one.preventDefault())", False),
    ],
    ids=["it jumps aside", "another comes over it", "it is made anew", "it stays as it is"],
)
async def test_a_press_reaches_its_box_or_nothing(
    web_job: WebJob, web_site: Site, trap: str, ticked: bool | None
) -> None:
    await web_job.do("goto", url=web_site.url("/form"))
    page = web_job.executor._jobs[web_job.id].page
    bad = '<button id="bad" style="inset: 0" onclick="window.pressed = true">Alles löschen</button>'
    await page.set_content(f'<input id="ours" type="checkbox">{bad}<script>{trap}</script>')

    if ticked:
        await web_job.do("check", "#ours")
    else:
        await web_job.refused("check", "#ours", timeout=2)

    assert await page.evaluate("window.pressed") is None
    if ticked is not None:
        assert await page.is_checked("#ours") is ticked
    await page.click("#bad")  # the guard has gone
    assert await page.evaluate("window.pressed") is True


async def test_a_box_that_asks_is_ticked_when_the_question_is_over(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/form"))
    page = web_job.executor._jobs[web_job.id].page
    await page.set_content('<input id="ours" type="checkbox" onchange="confirm(\'Sicher?\')">')

    result = await web_job.do("check", "#ours")

    assert [one["message"] for one in result["dialogs"]] == ["Sicher?"]
    assert (await web_job.verify("check", "#ours")).happened is True


async def test_a_moving_box_is_waited_for(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/form"))
    page = web_job.executor._jobs[web_job.id].page
    moves = "ours.animate([{transform: 'translateX(0)'}, {transform: 'translateX(90px)'}], {duration: 400})"
    await page.set_content(
        f'<input id="ours" type="checkbox"><script>{moves}.finished.then(() => window.still = true)</script>'
    )

    await web_job.do("check", "#ours")

    assert await page.evaluate("[window.still, ours.checked]") == [True, True]
