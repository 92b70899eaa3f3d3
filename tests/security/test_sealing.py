"""What is sealed only the same installation opens; its key is made once, however many ask for it at the same time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scheduler.security.sealing import KEY_NAME, SealBrokenError, Sealer
from scheduler.security.secrets_manager import SecretsManager


def test_what_was_sealed_another_process_opens(tmp_path: Path) -> None:
    sealed = Sealer(SecretsManager(tmp_path / "secrets.yaml", {})).seal(b"session=4711-0815")

    assert b"session" not in sealed
    assert Sealer(SecretsManager(tmp_path / "secrets.yaml", {})).open(sealed) == b"session=4711-0815"
    assert (tmp_path / KEY_NAME).stat().st_mode & 0o777 == 0o600


def test_the_key_may_be_a_secret(tmp_path: Path) -> None:
    key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    sealer = Sealer(SecretsManager(tmp_path / "secrets.yaml", {"CPA_SECRET_SESSIONS_KEY": key}))

    assert sealer.open(sealer.seal(b"x")) == b"x"
    assert not (tmp_path / KEY_NAME).exists()


def test_of_many_that_ask_at_once_all_get_the_same_key(tmp_path: Path) -> None:
    sealers = [Sealer(SecretsManager(tmp_path / "new" / "secrets.yaml", {})) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(lambda one: one.seal(b"x"), sealers))

    assert {sealers[0].open(one) for one in sealed} == {b"x"}
    assert [path.name for path in (tmp_path / "new").iterdir()] == [KEY_NAME]


@pytest.mark.parametrize("sealed", [b"", b"{}", b"gAAAAA"])
def test_what_was_changed_or_is_of_another_key_is_not_opened(tmp_path: Path, sealed: bytes) -> None:
    with pytest.raises(SealBrokenError):
        Sealer(SecretsManager(tmp_path / "secrets.yaml", {})).open(sealed)
