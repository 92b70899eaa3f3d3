"""Whatever people write arrives as they wrote it, and nothing they write becomes a header."""

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imap_tools.message import MailMessage
from pydantic import ValidationError

from scheduler.executors.mail_mime import build
from scheduler.executors.mail_reading import LONGEST_TEXT, read
from scheduler.executors.mail_transport import Attachment, check_address
from tests.support.mails import a_mail, an_attachment
from tests.support.memory_mail import an_account

LINES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300)
NAMES = st.text(st.sampled_from("abcäöüß😀 =?_-\\()<>@,;:%'."), max_size=200).map("n{}.pdf".format)


def _parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)


@settings(deadline=None)
@given(LINES)
def test_every_subject_arrives_as_it_was_written(subject: str) -> None:
    raw = build(a_mail(subject=subject), an_account())

    assert _parsed(raw)["Subject"] == subject
    assert raw.isascii()
    assert max(len(line) for line in raw.splitlines()) <= 998


@settings(deadline=None)
@given(NAMES)
def test_every_attachment_keeps_its_name(name: str) -> None:
    raw = build(a_mail(attachments=(Attachment(name=name, path=Path(__file__)),)), an_account())

    (file,) = _parsed(raw).iter_attachments()
    assert file.get_filename() == name
    assert raw.isascii()


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x00"])
@pytest.mark.parametrize("field", ["to", "subject", "reply_to", "cc", "bcc"])
def test_a_line_break_cannot_start_a_header(field: str, end: str) -> None:
    forged = f"anna@example.com{end}X-Forged: yes"
    fields = {"to": ("bert@example.com",), "subject": "x"} | {
        field: (forged,) if field in {"to", "cc", "bcc"} else forged
    }

    with pytest.raises(ValidationError) as refused:
        type(a_mail()).model_validate({"effect_key": "k", "date": "2026-01-01T00:00:00Z", **fields})

    assert refused.value.errors()[0]["loc"][0] == field


@pytest.mark.parametrize(
    "address",
    ["anna@example.com", "anna.b+c@mail.example.com", "o'neil@example.de", "anna@localhost", "jürgen@müller.de"],
)
def test_an_address_is_taken_with_blanks_around_it(address: str) -> None:
    assert check_address(f"  {address} ") == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anna",
        "anna@",
        "@example.com",
        "anna@@example.com",
        "Anna <anna@example.com>",
        "anna@example.com, bert@example.com",
        "anna@example.com;bert@example.com",
        "anna@-example.com",
        "anna..b@example.com",
        f"{'a' * 250}@example.com",
    ],
)
def test_what_is_no_single_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a mail address"):
        check_address(text)


def test_a_mail_in_a_mail_travels_as_a_plain_file(tmp_path: Path) -> None:
    attached = an_attachment(tmp_path, name="alt.eml", content=b"Subject: alt\r\n\r\nText\r\n")

    (file,) = _parsed(build(a_mail(attachments=(attached,)), an_account())).iter_attachments()

    assert file.get_content_type() == "application/octet-stream"
    assert file.get_payload(decode=True) == attached.path.read_bytes()


def test_addresses_beyond_ascii_travel_as_utf8() -> None:
    raw = build(a_mail("jürgen@example.com", subject="Grüße"), an_account())

    assert _parsed(raw)["To"] == "jürgen@example.com"
    assert "jürgen@example.com".encode() in raw


def test_the_text_of_a_mail_in_html_alone_is_read() -> None:
    html = "<html><head><style>p {}</style></head><p>Guten&nbsp;Tag &amp; Grüße</p><p>Zeile 2</p><script>x()</script>"
    raw = b"Content-Type: text/html; charset=utf-8\r\n\r\n" + html.encode()

    assert read(MailMessage.from_bytes(raw)).text == "Guten\xa0Tag & Grüße\nZeile 2"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"Date: gestern\r\nTo: <<>>\r\nFrom: @@\r\nSubject: =?utf-8?b?!!!?=\r\nMessage-ID: \xff\xfe\r\n\r\n\xff\xfe",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=nonsense\r\n\r\nhi",
    ],
)
def test_broken_mails_are_read_as_far_as_they_go(raw: bytes) -> None:
    mail = read(MailMessage.from_bytes(raw))

    assert mail.date is None
    assert mail.attachments == ()


def test_a_very_long_text_is_cut() -> None:
    assert len(read(MailMessage.from_bytes(b"Subject: x\r\n\r\n" + b"x" * 3 * LONGEST_TEXT)).text) == LONGEST_TEXT
