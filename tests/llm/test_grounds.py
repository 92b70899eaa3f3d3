"""An order that rules read is done for the first ground that there is, and people are asked where there is none."""

import pytest

from scheduler.core.language import normalise
from scheduler.llm.grounds import NOT_SURE, Form, Ground, form_of, form_of_several, ground_of
from scheduler.llm.ordering import Bands
from tests.support.routers import the_router

RULES = the_router()
BANDS = Bands(act=0.8, ask=0.2, act_if_plain=0.4, act_if_agreed=0.6)
PLAIN, PLAIN_BESIDE, EVERY = Form(plain=True), Form(plain=True, beside=True), Form(every=True)
ALONE = Form("open Word", beside=True)
REMINDS, URGES, TAKEN_BACK = ALONE._replace(reminds=True), ALONE._replace(urges=True), Form(taken_back=True)


def ground(form: Form, ordered: float, *, agreed: bool = False, alone: bool = False) -> Ground:
    return ground_of(form, ordered, BANDS, all_agree=lambda: agreed, ordered_alone=lambda _: alone)


@pytest.mark.parametrize(
    ("form", "ordered", "found"),
    [
        (NOT_SURE, 0.8, Ground.LIKELY),
        (NOT_SURE, 0.7, Ground.NONE),
        (PLAIN, 0.4, Ground.PLAIN),
        (PLAIN, 0.3, Ground.NONE),
        (PLAIN_BESIDE, 0.7, Ground.NONE),
        (EVERY, 0.2, Ground.PLAIN),
        (EVERY, 0.1, Ground.NONE),
        (EVERY, 0.8, Ground.LIKELY),
        (ALONE, 0.4, Ground.PLAIN),
        (ALONE, 0.3, Ground.NONE),
        (REMINDS, 0.0, Ground.REMINDED),
        (TAKEN_BACK, 0.9, Ground.NONE),
    ],
)
def test_the_form_of_an_order_and_how_likely_it_is_decide(form: Form, ordered: float, found: Ground) -> None:
    assert ground(form, ordered) is found


@pytest.mark.parametrize(
    ("form", "ordered", "found"),
    [(NOT_SURE, 0.6, Ground.AGREED), (NOT_SURE, 0.5, Ground.NONE), (TAKEN_BACK, 0.7, Ground.NONE)],
)
def test_what_all_agree_about_need_be_less_likely(form: Form, ordered: float, found: Ground) -> None:
    assert ground(form, ordered, agreed=True) is found


@pytest.mark.parametrize(
    ("form", "ordered", "found"),
    [(ALONE, 0.2, Ground.ALONE), (ALONE, 0.1, Ground.NONE), (URGES, 0.1, Ground.ALONE), (PLAIN, 0.2, Ground.NONE)],
)
def test_examples_may_take_the_order_without_the_remark_for_one(form: Form, ordered: float, found: Ground) -> None:
    assert ground(form, ordered, alone=True) is found


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Close Word", Form(plain=True)),
        ("Der Kunde wartet, öffne Word", Form("öffne Word", beside=True)),
        ("Öffne Word, ist dringend", Form("Öffne Word", plain=True, beside=True, urges=True)),
        ("Don't forget to close Word", Form("close Word", plain=True, reminds=True)),
        ("Close Word, just testing", Form(taken_back=True)),
    ],
)
def test_a_request_says_its_order_in_one_of_these_forms(text: str, form: Form) -> None:
    read = RULES.orders(text)

    assert form_of(normalise(text), read, read.parts[0].routed.name) == form


@pytest.mark.parametrize(
    ("text", "every"),
    [
        ("Schick Anna das Angebot und öffne danach Excel", True),
        ("Send Anna the quote and then open Excel", True),
        ("Schick Anna das Angebot und öffne nicht Excel", False),
        ("Schick Anna das Angebot und öffne Excel, das war ein Scherz", False),
        ("Schick Anna das Angebot und man öffnet Excel", False),
        ("Schick Anna das Angebot und öffne Excel, sobald sie antwortet", False),
        ("Send Anna the quote and open Excel only if she asks", False),
        ("Bitte schick Anna das Angebot, danach öffne Excel.", True),
        ("Schick Anna das Angebot und hol die Rechnung 12 aus dem Portal und schick sie an Eva.", True),
        ("Schick Anna das Angebot und schließ Excel ist falsch", False),
        ("Stop. Send Anna the list and open Word", False),
        ("Make Tom send Anna the list and open Word", False),
        ("Bitte Tom, Anna die Liste zu schicken und Word zu öffnen", False),
    ],
)
def test_several_orders_are_plain_where_each_is_and_nothing_stands_beside(text: str, every: bool) -> None:
    assert form_of_several(normalise(text), RULES.orders(text)).every is every
