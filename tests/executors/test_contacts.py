"""A name becomes the address of the one who is meant, or the error says whom it may mean."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from scheduler.core.address_book import UnfitNameError
from scheduler.executors.contact_file import ContactFile, ContactFileError, read_vcards
from scheduler.executors.contacts import Contact, Contacts, without_titles

BOOK = Contacts(
    contacts=(
        Contact(name="Anna Müller", email=("anna.mueller@example.com", "anna@privat.example"), aliases=("die Chefin",)),
        Contact(name="Anna-Lena Groß", email=("al@example.com",)),
        Contact(name="Bert Müller", email=("bert@example.com",), aliases=("Hausmeister",)),
        Contact(name="René Dupont", email=("rene@example.com",)),
        Contact(name="Müller & Söhne GmbH", email=("firma@example.com",)),
        Contact(name="Eva", email=("eva@example.com",)),
        Contact(name="Dr. Eva Klein", email=("klein@example.com",)),
    ),
    groups={"Einkauf": ("Bert Müller", "extern@example.com", "die Chefin")},
)


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("Anna Müller", ("anna.mueller@example.com",)),
        ("anna mueller", ("anna.mueller@example.com",)),
        ("Frau Dr. Anna MULLER", ("anna.mueller@example.com",)),
        ("Müller Anna", ("anna.mueller@example.com",)),
        ("Anna", ("anna.mueller@example.com",)),
        ("Anna-Lena", ("al@example.com",)),
        ("Anna-Lena Gross", ("al@example.com",)),
        ("DIE CHEFIN", ("anna.mueller@example.com",)),
        ("Hausmeister", ("bert@example.com",)),
        ("rene", ("rene@example.com",)),
        ("Klein", ("klein@example.com",)),
        ("Müller & Söhne", ("firma@example.com",)),
        ("einkauf", ("bert@example.com", "extern@example.com", "anna.mueller@example.com")),
        ("x@example.com", ("x@example.com",)),
    ],
)
def test_who_is_meant(name: str, addresses: tuple[str, ...]) -> None:
    assert BOOK.resolve(name) == addresses


@pytest.mark.parametrize(
    ("name", "people"),
    [
        ("Müller", ("Anna Müller <anna.mueller@example.com>", "Bert Müller <bert@", "Müller & Söhne GmbH <firma@")),
        ("Frau Mueller", ("Anna Müller", "Bert Müller")),
        ("Eva", ("Eva <eva@example.com>", "Dr. Eva Klein <klein@example.com>")),
    ],
)
def test_two_that_fit_are_both_named(name: str, people: tuple[str, ...]) -> None:
    with pytest.raises(UnfitNameError) as unfit:
        BOOK.resolve(name)

    for said in unfit.value.said:
        assert all(person in said for person in people)


@pytest.mark.parametrize("name", ["Anja", "Klaus", "Herr", "…", "Ann", "Groß Müller", "Müller und Söhne"])
def test_nobody_that_fits_says_how_to_add_one(name: str) -> None:
    with pytest.raises(UnfitNameError) as unfit:
        BOOK.resolve(name)

    assert f"„{name}“ steht nicht im Adressbuch" in unfit.value.said.de
    assert "cpa contacts add" in unfit.value.said.en


def test_a_group_may_not_name_whom_nobody_knows() -> None:
    with pytest.raises(ValidationError, match="Klaus"):
        Contacts(groups={"Team": ("Klaus",)})


def test_titles_are_no_part_of_the_name_in_a_mail() -> None:
    assert [without_titles(name) for name in ("Herrn Dr. Müller", "Frau Anna Berg", "Herr")] == [
        "Müller", "Anna Berg", "Herr",
    ]  # fmt: skip


def test_the_file_is_read_as_people_write_it_and_changes_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "contacts.yaml"
    book = ContactFile(path)
    before = book.read()
    path.write_text("contacts:\n  - {name: Anna, email: anna@example.com}\ngroups:\n  Team: [Anna]\n", "utf-8")

    first = book.resolve("team")
    book.write(BOOK)

    assert before == Contacts()
    assert first == ("anna@example.com",)
    assert ContactFile(path).read() == book.read() == BOOK
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("contacts: [{name: Anna, email: anna}]", "contacts[0].email[0]"),
        ("contacts: [{name: Anna}]", "contacts[0].email"),
        ("kontakte: []", "kontakte"),
        ("contacts: [", "contacts.yaml"),
        ('contacts: [{name: "Anna\\r\\nBcc: x", email: anna@example.com}]', "contacts[0].name"),
    ],
)
def test_a_broken_file_is_an_error_with_the_place(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "contacts.yaml"
    path.write_text(text, "utf-8")

    with pytest.raises(ContactFileError, match="address book") as unusable:
        ContactFile(path).read()
    with pytest.raises(UnfitNameError):
        ContactFile(path).resolve("Anna")

    assert part in unusable.value.said.de


def test_vcards_of_both_versions_are_read() -> None:
    cards = (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Müller;Anna;;;\r\nFN:Anna Müller\r\nNICKNAME:Änni\r\nNICKNAME:Chefin\r\n"
        "EMAIL;TYPE=HOME:anna@privat.example\r\nEMAIL;TYPE=WORK,PREF:anna@example.com\r\nEND:VCARD\r\n"
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Bert\r\nEMAIL:bert@example.com\r\nEND:VCARD\r\n"
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:;;;;\r\nFN:Ohne Mail\r\nTEL:+49 30 123\r\nEND:VCARD\r\n"
    )

    contacts, without = read_vcards(cards)

    assert contacts == [
        Contact(name="Anna Müller", email=("anna@example.com", "anna@privat.example"), aliases=("Änni", "Chefin")),
        Contact(name="Bert", email=("bert@example.com",)),
    ]
    assert without == ["Ohne Mail"]


@pytest.mark.parametrize(
    "text", ["BEGIN:VCARD\r\nFN", "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nEMAIL:kaputt\r\nEND:VCARD\r\n"]
)
def test_a_broken_vcard_is_an_error(text: str) -> None:
    with pytest.raises(ContactFileError):
        read_vcards(text)
