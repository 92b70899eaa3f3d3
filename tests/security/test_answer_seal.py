"""What was sealed for an agent is read by that agent alone."""

from pathlib import Path

import pytest

from scheduler.security.answer_seal import AnswerKey, seal_answer, unsealed


def test_only_the_key_that_came_with_the_question_opens_the_answer(tmp_path: Path) -> None:
    mine, other = AnswerKey.load(tmp_path / "mine.json"), AnswerKey.load(tmp_path / "other.json")

    sealed = {"code": seal_answer("4711-ä", mine.public), "floor": "3"}

    assert "4711" not in sealed["code"]
    assert len(sealed["code"]) < 2000, "an answer in an order may be as long as that"
    assert AnswerKey.load(tmp_path / "mine.json").open(sealed) == {"code": "4711-ä", "floor": "3"}
    assert other.open(sealed) == unsealed(sealed) == {"floor": "3"}
    assert mine.open({"code": sealed["code"][:-4] + "AAAA"}) == {}
    assert (tmp_path / "mine.json").stat().st_mode & 0o777 == 0o600
    assert repr(mine).startswith("<")


@pytest.mark.parametrize("key", ["", "kein Schlüssel", "AAAA", "ä" * 43])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="is no key"):
        seal_answer("4711", key)


def test_a_file_that_holds_no_key_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text('{"kty": "OKP"}')

    with pytest.raises(ValueError, match=r"key\.json"):
        AnswerKey.load(tmp_path / "key.json")
