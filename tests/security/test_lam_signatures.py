"""Who signed a message is beyond doubt, and every way to fake it is refused by name."""

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey

from scheduler.core.errors import SignatureRefusedError
from scheduler.security.lam_signatures import (
    SigningKey,
    canonical,
    check_signature,
    check_time,
    kid_of,
    seal_of,
    sign,
)
from tests.support.clock import NOON
from tests.support.lam import a_document

KEY, OTHER = SigningKey.generate(), SigningKey.generate()


def check(document: dict[str, Any], key: SigningKey = KEY) -> None:
    check_signature(document, seal_of(document), key.public)


def test_a_signed_message_is_genuine_after_a_way_over_the_wire() -> None:
    signed = sign(a_document("done", extra={"Größe": 1.0, "€": [1e21, 5e-7, "\u2028"]}), KEY, NOON)

    arrived = json.loads(json.dumps(signed, ensure_ascii=True, indent=3))

    check(arrived)
    check_time(seal_of(arrived), NOON)
    assert seal_of(arrived).kid == KEY.kid == kid_of(KEY.public)
    assert ".." in seal_of(arrived).sig, "the content is detached"


def test_the_canonical_form_is_that_of_the_rfc() -> None:
    assert canonical({"b": 1.0, "a": "ü\n", "security": {"sig": "x", "kid": "k"}}) == (
        '{"a":"ü\\n","b":1,"security":{"kid":"k"}}'.encode()
    )


def test_two_signatures_of_one_message_differ_in_their_nonce() -> None:
    document = a_document("done")

    assert seal_of(sign(document, KEY, NOON)).nonce != seal_of(sign(document, KEY, NOON)).nonce


def _with(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        *parts, last = path.split(".")
        for part in parts:
            document = document[part]
        document[last] = value

    return change


def _other_header(**header: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        forged = jws.serialize_compact(
            {"alg": "Ed25519", "kid": KEY.kid} | header,
            canonical(document),
            OKPKey.generate_key("Ed25519"),
            algorithms=["Ed25519"],
        )
        head, _, signature = forged.split(".")
        document["security"]["sig"] = f"{head}..{signature}"

    return change


def _signed_with_the_public_key(document: dict[str, Any]) -> None:
    """The classic: a public key taken for the secret of HS256."""
    forged = jws.serialize_compact(
        {"alg": "HS256", "kid": KEY.kid},
        canonical(document),
        OctKey.import_key(KEY.public.x),
        algorithms=["HS256"],
    )
    head, _, signature = forged.split(".")
    document["security"]["sig"] = f"{head}..{signature}"


FORGERIES: dict[str, tuple[str, Callable[[dict[str, Any]], None]]] = {
    "changed payload": ("forged", _with("payload.result", {"path": "artifact://x"})),
    "changed addressee": ("forged", _with("to", ["agent://web/web-2"])),
    "added field": ("forged", _with("more", 1)),
    "longer life": ("forged", _with("security.expires", "2026-03-02T12:04:59.123456+00:00")),
    "other nonce": ("forged", _with("security.nonce", "n" * 24)),
    "key of a stranger": ("forged", _other_header()),
    "no algorithm": ("forged", _with("security.sig", "eyJhbGciOiJub25lIn0..")),
    "HS256 with the public key": ("forged", _signed_with_the_public_key),
    "no signature": ("unsigned", _with("security", {})),
    "no nonce": ("unsigned", _with("security.nonce", None)),
    "short nonce": ("unsigned", _with("security.nonce", "n")),
    "no text": ("unsigned", _with("security.sig", 7)),
    "rubbish": ("forged", _with("security.sig", "rubbish")),
    "rubbish in three parts": ("forged", _with("security.sig", "a.b.c")),
    "no letters": ("forged", _with("security.sig", "ü..ü")),
    "header is a list": ("forged", _with("security.sig", "W10..AA")),
    "content attached": ("forged", _with("security.sig", "eyJhbGciOiJFZDI1NTE5In0.e30.AA")),
    "not canonical": ("not_canonical", _with("more", float("nan"))),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_what_was_forged_is_refused(name: str) -> None:
    kind, change = FORGERIES[name]
    document = copy.deepcopy(sign(a_document("done"), KEY, NOON, lasts=timedelta(seconds=60)))
    change(document)

    with pytest.raises(SignatureRefusedError) as refused:
        check(document)

    assert refused.value.kind == kind


def test_the_wrong_key_is_refused() -> None:
    signed = sign(a_document("done"), KEY, NOON)

    with pytest.raises(SignatureRefusedError) as refused:
        check(signed, OTHER)
    assert refused.value.kind == "forged"


def test_a_key_id_that_is_not_the_one_signed_with_is_refused() -> None:
    document = a_document("done")
    document["security"] = {"kid": OTHER.kid}
    signed = sign(document, KEY, NOON)
    signed["security"]["kid"] = OTHER.kid
    signed["security"]["sig"] = KEY.jws(canonical(signed))

    with pytest.raises(SignatureRefusedError) as refused:
        check(signed, KEY)
    assert refused.value.kind == "wrong_key"


@pytest.mark.parametrize(
    ("at", "lasts", "kind"),
    [
        (timedelta(seconds=301), timedelta(seconds=300), "expired"),
        (timedelta(seconds=60), timedelta(seconds=60), "expired"),
        (timedelta(hours=-1), timedelta(seconds=300), "from_the_future"),
        (timedelta(0), timedelta(seconds=301), "lasts_too_long"),
    ],
)
def test_a_signature_counts_for_its_time_only(at: timedelta, lasts: timedelta, kind: str) -> None:
    signed = sign(a_document("done"), KEY, NOON, lasts=lasts)

    with pytest.raises(SignatureRefusedError) as refused:
        check_time(seal_of(signed), NOON + at)
    assert refused.value.kind == kind


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(st.characters(codec="utf-8")) | st.floats() | st.integers() | st.binary(),
        lambda parts: st.lists(parts) | st.dictionaries(st.text(st.characters(codec="utf-8")), parts),
    )
)
def test_whatever_security_holds_is_refused_or_read(security: object) -> None:
    try:
        check(a_document("done", security=security))
    except SignatureRefusedError:
        return
    pytest.fail("nobody has signed this")


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "lam-key.json"

    first, second = SigningKey.load(path), SigningKey.load(path)

    assert first.kid == second.kid
    assert path.stat().st_mode & 0o077 == 0
    assert [file.name for file in path.parent.iterdir()] == ["lam-key.json"]
    assert json.loads(path.read_text())["d"] not in repr(first)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"kty": "oct", "k": "AA"}', json.dumps(KEY.public.model_dump())],
    ids=["empty", "list", "no-fields", "other-kind", "public-only"],
)
def test_a_file_without_a_key_is_an_error_that_does_not_quote_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "lam-key.json"
    path.write_text(content)

    with pytest.raises(ValueError, match="holds no"):
        SigningKey.load(path)
