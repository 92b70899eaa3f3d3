"""Hashes of stored plans and keys of effects are over canonical JSON: it stays what it always was, to the letter."""

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.canonical_json import canonical_json, json_in_order, writer
from scheduler.core.task_graph import TaskGraph

_TEXTS = st.text(st.characters(codec=None)) | st.sampled_from(
    ["4.2", "1e5", "null", "\x00\x1f\x7f\b\f", "\u2028", "\ud83d"]
)
_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS
_DOCUMENTS = st.recursive(_VALUES, lambda part: st.lists(part) | st.dictionaries(_TEXTS, part), max_leaves=20)


def as_ever(document: object) -> str:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def test_the_digest_of_a_stored_plan_stays() -> None:
    steps = [
        {"id": "find", "action": "file.find", "params": {"pattern": "Büro*.pdf", "least": 1e-7}, "timeout": 5},
        {
            "id": "open",
            "action": "web.click",
            "selector": ["label=Öffnen", "css=a"],
            "text": "\t${find.path}",
            "retry": {"max_attempts": 2, "codes": ["b", "a"]},
            "depends_on": [0],
            "verify": {"url": "/ok"},
        },
    ]
    graph = TaskGraph.model_validate({"tasks": steps})
    assert graph.canonical() == as_ever(graph.model_dump(mode="json"))
    assert graph.freeze() == "f790b39ad8bdbd901269e9b7d0693988807fffca01d9b60a8acfc15d505fdc72"


@given(_DOCUMENTS)
def test_any_document_is_written_as_ever(document: object) -> None:
    assert canonical_json(document) == as_ever(document)
    assert json_in_order(document) == json.dumps(document, sort_keys=True)


@pytest.mark.parametrize("part", ["c_make_encoder", "encode_basestring", "encode_basestring_ascii"])
def test_without_the_parts_of_its_encoder_python_writes_the_same(part: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(json.encoder, part)
        public = _both()

    _writes_the_same(*public)


def test_where_its_encoder_is_made_otherwise_python_writes_the_same() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json.encoder, "c_make_encoder", lambda: None)
        public = _both()

    _writes_the_same(*public)


def test_where_python_has_no_encoder_in_c_it_writes_the_same() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json.encoder, "c_make_encoder", None)

        _writes_the_same(*_both())


def _both() -> tuple[Callable[[object], str], Callable[[object], str]]:
    return writer(",", ":", ascii_only=False), writer(", ", ": ", ascii_only=True)


def _writes_the_same(*public: Callable[[object], str]) -> None:
    @given(_DOCUMENTS)
    def same(document: object) -> None:
        assert [write(document) for write in public] == [canonical_json(document), json_in_order(document)]

    same()
    for write in public:
        with pytest.raises(TypeError, match="set"):
            write({"a": {1}})


def test_what_json_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        canonical_json({"a": {1}})


@pytest.mark.parametrize(
    "number", [0.0, -0.0, 0.1, 1e15, 1e16, 123456789012345680.0, 1e-4, 1e-5, 1.5e-7, 5e-324, 1e308, -2.5e22, math.inf]
)
def test_any_number_is_written_as_ever(number: float) -> None:
    for document in (number, [number, -number, math.nan], {"4711": {"4711": number}}, 2**53, 2**64, -(2**70)):
        assert canonical_json(document) == as_ever(document)
