"""Words that people spell differently are compared as the same."""

import pytest

from scheduler.core.spelling import bare, folded, spellings


@pytest.mark.parametrize("written", ["Müller Straße", "MÜLLER STRASSE", "Mueller Strasse", "Mu\u0308ller straße"])
def test_case_umlauts_and_composition_make_no_difference(written: str) -> None:
    assert folded(written) == "mueller strasse"


def test_accents_are_taken_off() -> None:
    assert bare("renée") == "renee"
    assert spellings("Müller") == {"mueller", "muller"}
