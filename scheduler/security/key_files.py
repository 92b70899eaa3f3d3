"""Private keys in files, readable for their owner alone."""

import json
import os
import tempfile
from pathlib import Path
from typing import Literal

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

Curve = Literal["Ed25519", "X25519"]


def key_in(path: Path, curve: Curve) -> OKPKey:
    """Return the private key in the file, made there at the first time. Processes that start at once get the same.

    Raises ValueError for a file that holds none, OSError.
    """
    if not path.exists():
        _put_new_key(path, curve)
    try:
        key = OKPKey.import_key(json.loads(path.read_text(encoding="utf-8")))
    except (JoseError, ValueError, TypeError):
        raise ValueError(f"{path} holds no {curve} key") from None  # the error may quote the key
    if not key.is_private:
        raise ValueError(f"{path} holds no private key")
    return key


def _put_new_key(path: Path, curve: Curve) -> None:
    """Write a new key, unless another process is faster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(OKPKey.generate_key(curve, private=True, auto_kid=False).as_dict(private=True), file)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
    finally:
        Path(temporary).unlink()
