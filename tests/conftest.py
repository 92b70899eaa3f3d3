"""What all tests share: fixtures, how Hypothesis judges, and that as little as possible is imported and collected."""

import gc
import re
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.graph.fixtures import graph_server, running_graph_server
from tests.support.mail_server import mail_server, running_mail_server
from tests.support.no_models import hold_back, models_only_where_marked
from tests.support.office import office, running_office
from tests.support.statements import Statements, read_all

__all__ = [
    "graph_server",
    "mail_server",
    "models_only_where_marked",
    "office",
    "running_graph_server",
    "running_mail_server",
    "running_office",
]

hold_back()

# Time is not judged at all, machines are noisy. `make check` tries a part of the examples, `make test` all of them.
settings.register_profile("cpa", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("cpa"), max_examples=10)
settings.load_profile("cpa")

_MARKS_OF_A_FILE = re.compile(r"^pytestmark = .*$", re.MULTILINE)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect no garbage while modules are imported, and never look again at what they left behind."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import a file all of whose tests bear a mark that `-m "not (...)"` leaves out."""
    unwanted = re.fullmatch(r"not \(([\w ]+)\)", config.getoption("markexpr"))
    if unwanted is None or not re.fullmatch(r"test_.*\.py", collection_path.name):
        return None
    marks = "".join(_MARKS_OF_A_FILE.findall(collection_path.read_text(encoding="utf-8")))
    return any(f"pytest.mark.{name}" in marks for name in unwanted[1].split(" or ")) or None


@pytest.fixture(scope="session", autouse=True)
def statements() -> Iterator[Statements]:
    """What the store was asked in this process."""
    statements = Statements()
    with statements.watched():
        yield statements


@pytest.fixture(autouse=True)
def _no_table_is_read_whole(statements: Statements) -> Iterator[None]:
    """Explain every statement that a test is the first to run."""
    yield
    assert read_all(statements.plans()) == []
