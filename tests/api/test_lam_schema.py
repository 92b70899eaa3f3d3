"""The published schema is that of the code, and judges messages as the code does."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from scheduler.api.lam_schema import lam_schema
from scheduler.core.lam_protocol import MessageType
from tests.support.lam import a_document, without

FILE = Path(__file__).parents[2] / "docs" / "lam.schema.json"
DOCS = FILE.with_name("LAM_PROTOCOL.md")
SCHEMA = lam_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_published_schema_is_that_of_the_code() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == SCHEMA


@pytest.mark.parametrize("kind", MessageType)
def test_it_takes_every_type_and_refuses_one_without_an_id(kind: MessageType) -> None:
    assert VALIDATOR.is_valid(a_document(kind, more={"kept": True}))
    assert not VALIDATOR.is_valid(without(a_document(kind), "id"))


def test_the_guide_tells_of_every_type() -> None:
    text = DOCS.read_text(encoding="utf-8")

    assert [kind for kind in MessageType if f"| `{kind}` |" not in text] == []
