"""Whether everybody on the roster can be called up."""

from bench.peers.roster import EVERYONE, ROOT


def test_every_contestant_has_its_module() -> None:
    modules = {path.stem for path in (ROOT / "bench" / "peers" / "contestants").glob("*.py")} - {"__init__"}

    assert {entry.module for entry in EVERYONE} == modules


def test_names_are_unlike() -> None:
    assert len({entry.name for entry in EVERYONE}) == len(EVERYONE)
