"""What is read off a page has the type the plan asks for, whatever the page looks like."""

from typing import Any

import pytest

from tests.support.site import Site
from tests.support.web import WebJob

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]


async def test_a_table_becomes_rows_by_its_headers(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/table"))

    rows = (await web_job.do("extract", "#invoices", table=True))["rows"]

    assert rows[0] == {
        "Nr.": "4711",
        "Datum": "07.03.2026",
        "Betrag": "1.234,56 €",
        "Bezahlt": "ja",
        "column 5": "Öffnen",
    }
    assert [row["Nr."] for row in rows] == ["4711", "4712"]


async def test_the_columns_that_are_named_get_their_types(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/table"))
    fields = {
        "number": {"header": "Nr.", "type": "integer"},
        "Datum": "date",
        "amount": {"header": "Betrag", "type": "number"},
        "paid": {"header": "bezahlt", "type": "boolean"},
    }

    rows = (await web_job.do("extract", "#invoices", table=True, fields=fields))["rows"]

    assert rows == [
        {"number": 4711, "Datum": "2026-03-07", "amount": 1234.56, "paid": True},
        {"number": 4712, "Datum": "2026-03-08", "amount": 99, "paid": False},
    ]
    assert (await web_job.verify("extract", "#invoices", table=True, fields=fields)).result == {"rows": rows}


async def test_each_element_becomes_a_record(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/table"))
    fields = {
        "name": {"selector": "h2"},
        "price": {"selector": ".price", "type": "number"},
        "more": {"selector": "a", "attribute": "href", "optional": True},
    }

    every = await web_job.do("extract", "article", all=True, fields=fields)
    one = await web_job.do("extract", "article:has(a)", fields=fields)

    pen = {"name": "Stift", "price": 1.2, "more": "/stift"}
    assert every["rows"] == [pen, {"name": "Heft", "price": 0.8, "more": None}]
    assert one["record"] == pen


@pytest.mark.parametrize(
    ("selector", "params", "result"),
    [
        ("css=tr:nth-child(1) td:nth-child(3)", {"type": "number"}, 1234.56),
        ("#en", {"type": "number", "language": "en"}, 1234.5),
        ("css=tr:nth-child(2) td:nth-child(2)", {"type": "date"}, "2026-03-08"),
        ("css=tr:nth-child(1) td:nth-child(2)", {"type": "date", "format": "%d.%m.%Y"}, "2026-03-07"),
    ],
)
async def test_one_text_is_read_as_what_it_means(
    web_job: WebJob, web_site: Site, selector: str, params: dict[str, Any], result: object
) -> None:
    await web_job.do("goto", url=web_site.url("/table"))

    assert (await web_job.do("extract", selector, params=params))["text"] == result


async def test_all_values_are_typed(web_job: WebJob, web_site: Site) -> None:
    await web_job.do("goto", url=web_site.url("/table"))

    assert (await web_job.do("extract", ".price", all=True, type="number"))["texts"] == [1.2, 0.8]


@pytest.mark.parametrize(
    ("selector", "params", "said"),
    [
        ("h2:text('Heft')", {"type": "number"}, "is no number"),
        ("#invoices", {"table": True, "fields": {"Summe": "number"}}, "there are 'Nr.', 'Datum'"),
        ("article:not(:has(a))", {"fields": {"more": {"selector": "a"}}}, "optional: true"),
    ],
)
async def test_what_does_not_fit_is_told_and_nothing_is_made_up(
    web_job: WebJob, web_site: Site, selector: str, params: dict[str, Any], said: str
) -> None:
    await web_job.do("goto", url=web_site.url("/table"))

    ended = await web_job.attempt("extract", selector, params=params)

    assert ended.error is not None
    assert ended.error.code == "invalid_input"
    assert said in ended.error.message
