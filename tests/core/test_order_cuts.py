"""A request is cut where an order may end, never within a date, a title or a short word."""

import time

import pytest

from scheduler.core.order_cuts import cut, is_whole


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Schick die Liste an Tom", ["Schick die Liste an Tom"]),
        ("Teams zu und Excel auf bitte", ["Teams zu ", "und Excel auf bitte"]),
        ("Hol das Angebot, dann schick es Anna", ["Hol das Angebot, ", "dann schick es Anna"]),
        ("Termin mit Dr. Huber am 3. Mai eintragen", ["Termin mit Dr. Huber am 3. Mai eintragen"]),
        ("Word zu, anschließend Excel auf", ["Word zu, ", "anschließend Excel auf"]),
        ("Schließ Word und öffne anschließend Excel", ["Schließ Word ", "und öffne anschließend Excel"]),
        ("Teams zu. Legen Sie danach ein Treffen an", ["Teams zu. ", "Legen Sie danach ein Treffen an"]),
        ("1. launch Excel 2. shut Excel again", ["1. launch Excel ", "2. shut Excel again"]),
        ("Bitte:\n- Vertrag öffnen\n- Acrobat schließen", ["Bitte:\n", "- Vertrag öffnen\n", "- Acrobat schließen"]),
    ],
)
def test_pieces(text: str, pieces: list[str]) -> None:
    assert cut(text) == pieces


@pytest.mark.parametrize("text", ["", "a", "und, und, und, und", "x, " * 200])
def test_nothing_is_lost_and_pieces_are_few(text: str) -> None:
    assert "".join(cut(text)) == text
    assert 1 <= len(cut(text)) <= 9


@pytest.mark.parametrize("filler", [" ", "\n", " \n", "1. ", ". ", "a. ", ", "])
def test_a_long_text_is_cut_in_no_time(filler: str) -> None:
    text = "Mail an Anna" + filler * (10_000 // len(filler)) + "x"
    start = time.process_time()

    pieces = cut(text)

    assert time.process_time() - start < 0.5
    assert "".join(pieces) == text


@pytest.mark.parametrize(
    ("text", "words", "whole"),
    [
        ("Schick Eva, Tom und dem Chef die Liste", {"recipient": ["Eva", "Tom", "Chef"]}, True),
        ("Send the list to Eva and Tom", {"recipient": ["Eva", "Tom"]}, True),
        ("Send the list to Eva and close Word", {"recipient": "Eva"}, False),
        ("Schick Eva und Tom die Liste und dann geh", {"recipient": ["Eva", "Tom"]}, False),
    ],
)
def test_a_list_of_persons_divides_nothing(text: str, words: dict[str, str | list[str]], whole: bool) -> None:
    assert is_whole(text, words) is whole
