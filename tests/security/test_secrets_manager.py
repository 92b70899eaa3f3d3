"""Secrets come from the environment or a file nobody else can read, and from nowhere into texts."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from scheduler.core.errors import SecretMissingError
from scheduler.security.secrets_manager import SecretsManager

Keep = Callable[[str], Path]


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Write the file of secrets as it should be."""

    def write(text: str, mode: int = 0o600) -> Path:
        path = tmp_path / "secrets.yaml"
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    return write


def test_a_secret_comes_from_the_file(keep: Keep) -> None:
    secrets = SecretsManager(keep("portal.password: 'Pässwort 📎'\n"), environment={})

    assert secrets.get_secret("portal.password") == "Pässwort 📎"
    assert secrets.get_secret("secret://portal.password") == "Pässwort 📎"


def test_the_environment_wins_over_the_file(keep: Keep) -> None:
    secrets = SecretsManager(
        keep("portal.password: file\nmail.pass-word: kept\n"), environment={"CPA_SECRET_PORTAL_PASSWORD": "environment"}
    )

    assert secrets.get_secret("portal.password") == "environment"
    assert secrets.get_secret("mail.pass-word") == "kept"


def test_the_environment_is_that_of_the_process_unless_one_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPA_SECRET_MAIL_PASS_WORD", "from the process")

    assert SecretsManager().get_secret("mail.pass-word") == "from the process"


@pytest.mark.parametrize("text", ["", "other: x\n", "portal.password: ''\n"])
def test_a_secret_that_is_not_set_is_named(keep: Keep, text: str) -> None:
    secrets = SecretsManager(keep(text), environment={"CPA_SECRET_PORTAL_PASSWORD": ""})

    with pytest.raises(SecretMissingError) as caught:
        secrets.get_secret("portal.password")

    assert caught.value.facts["secret"] == "portal.password"


def test_a_file_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    secrets = SecretsManager(tmp_path / "none.yaml", environment={})

    assert secrets.values() == frozenset()
    with pytest.raises(SecretMissingError):
        secrets.get_secret("portal.password")


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o644, 0o610])
def test_a_file_that_others_may_read_is_refused(keep: Callable[[str, int], Path], mode: int) -> None:
    secrets = SecretsManager(keep("portal.password: geheim\n", mode), environment={})

    for question in (lambda: secrets.get_secret("portal.password"), secrets.values, lambda: secrets.redact("x")):
        with pytest.raises(PermissionError, match="chmod 600"):
            question()


@pytest.mark.parametrize(
    "text", ["- geheim\n", "portal:\n  password: geheim\n", "pin: 1234\n", "a: [geheim\n", "geheim"]
)
def test_a_file_of_another_shape_is_refused_without_quoting_it(keep: Keep, text: str) -> None:
    secrets = SecretsManager(keep(text), environment={})

    with pytest.raises(ValueError, match=r"secrets\.yaml") as caught:
        secrets.get_secret("portal.password")

    assert "geheim" not in f"{caught.value} {caught.value.__cause__}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_file_that_changed_is_read_again(keep: Keep) -> None:
    path = keep("portal.password: before\n")
    secrets = SecretsManager(path, environment={})
    assert secrets.get_secret("portal.password") == "before"

    keep("portal.password: after!\n")
    os.utime(path, ns=(1, 1))

    assert secrets.get_secret("portal.password") == "after!"


def test_known_secrets_are_blanked_longest_first(keep: Keep) -> None:
    secrets = SecretsManager(
        keep("a: geheim\nb: geheimnis\nshort: abc\nportal.username: anna\n"), environment={"CPA_SECRET_X": "fünf5"}
    )

    assert secrets.redact("geheimnis geheim fünf5 abc anna Öl") == "••• ••• ••• abc anna Öl"
    assert secrets.values() == {"geheim", "geheimnis", "abc", "fünf5"}


@pytest.mark.parametrize("secret", ['a"b\\c/d', "pässwört", "zwei\nZeilen", "100%&x=y #1"])
def test_a_secret_is_blanked_in_json_and_addresses_too(secret: str) -> None:
    secrets = SecretsManager(environment={"CPA_SECRET_X": secret})

    for text in (
        secret,
        json.dumps({"x": secret}),
        json.dumps({"x": secret}, ensure_ascii=False),
        f"http://x/?q={quote(secret, safe='')}",
    ):
        redacted = secrets.redact(text)
        assert "•••" in redacted
        assert secret not in redacted
    assert json.loads(secrets.redact(json.dumps({"x": secret}))) == {"x": "•••"}


def test_a_secret_is_kept_in_a_file_for_its_owner_alone_and_removed_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secrets.yaml"
    secrets = SecretsManager(path, environment={"CPA_SECRET_MAIL_PASSWORD": "x", "CPA_SECRET_PORTAL_PIN": "y"})

    secrets.set_secret("portal.password", "Pässwort: 📎\n#")
    secrets.set_secret("portal.pin", "0815")

    assert path.stat().st_mode & 0o777 == 0o600
    assert SecretsManager(path, environment={}).get_secret("portal.password") == "Pässwort: 📎\n#"
    assert secrets.names() == {
        "CPA_SECRET_MAIL_PASSWORD": "CPA_SECRET_MAIL_PASSWORD",
        "portal.password": str(path),
        "portal.pin": "CPA_SECRET_PORTAL_PIN",
    }
    secrets.remove("portal.password")
    with pytest.raises(SecretMissingError):
        secrets.remove("portal.password")


@pytest.mark.parametrize(("name", "value"), [("portal", "x"), ("../x.y", "x"), ("Portal.x", "x"), ("a.b", "")])
def test_what_is_no_secret_is_not_kept(tmp_path: Path, name: str, value: str) -> None:
    path = tmp_path / "secrets.yaml"

    with pytest.raises(ValueError, match="secret"):
        SecretsManager(path, environment={}).set_secret(name, value)

    assert list(tmp_path.iterdir()) == []
