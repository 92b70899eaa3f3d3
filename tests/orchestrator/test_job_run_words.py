"""What is stored of a run for people to read: sentences, audit entries, pictures, and never a secret."""

import pytest

from scheduler.core.errors import (
    ElementNotFoundError,
    SiteUnreachableError,
)
from scheduler.core.events import EventType
from scheduler.core.job import Job, JobStatus
from scheduler.core.task_executor_interface import Verification
from tests.support.clock import FakeClock
from tests.support.executors import FakeExecutors, fails, gives
from tests.support.orchestration import Office
from tests.support.runs import SEND, a_step
from tests.support.store import Store


class TestWhatIsSaid:
    async def test_a_failure_is_said_in_the_language_of_the_request_with_its_words_filled_in(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        executors.scripts["find"] = [fails(ElementNotFoundError("row 4711", "/invoices"))]
        executors.evidence["find"] = ("data/screenshots/job/find.png",)
        step = a_step("find", failure_code="document_not_found")
        said = {}

        for locale in ("de", "en"):
            job = await office.run(step, locale=locale, context={"slots": {"document_id": "4711"}})
            said[locale] = job.error
            assert (await office.event(job.id, EventType.JOB_FAILED)).data["error"] == job.error
            assert (SEND, "failure", "data/screenshots/job/find.png") in await office.audit(job.id)

        assert said == {
            "de": "Das Portal kennt das Dokument 4711 nicht. Bitte die Nummer prüfen. Es wurde nichts verschickt.",
            "en": "The portal does not know document 4711. Please check the number. Nothing was sent.",
        }

    async def test_a_context_with_odd_slots_does_not_hinder_the_end(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        executors.scripts["find"] = [fails(ElementNotFoundError("row", "/invoices"))]

        job = await office.run(a_step("find"), context={"slots": ["4711"]})

        assert job.error_code == "element_not_found"

    async def test_the_audit_log_calls_success_only_what_was_achieved(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        executors.scripts["send"] = [
            fails(SiteUnreachableError("http://portal", "refused")),
            fails(ElementNotFoundError("button", "/")),
        ]

        job = await office.run(a_step("send"), a_step("after", "send"))

        assert [(action, result) for action, result, _ in await office.audit(job.id)][2:] == [
            (SEND, "success"),  # begun
            (SEND, "failure"),  # to be tried again
            (SEND, "success"),  # begun
            (SEND, "failure"),
            (SEND, "failure"),  # the step after it, skipped
            ("job.failed", "failure"),
        ]


class TestSecrets:
    SECRETS = ('xyzzy"\\1', "7391468250")

    @pytest.fixture
    def office(self, store: Store, executors: FakeExecutors, clock: FakeClock) -> Office:
        def redact(text: str) -> str:
            for secret in self.SECRETS:
                text = text.replace(secret, "•••")
            return text

        return Office(store, executors, clock, redact=redact)

    async def _all_that_is_stored(self, office: Office, job: Job) -> str:
        return repr(await office.store.everything(job.id))

    async def test_they_are_taken_out_of_results(self, office: Office, executors: FakeExecutors) -> None:
        word, number = self.SECRETS
        result = {"text": f"a {word}", "n": int(number), word: [f"{number}5", True, None, 1.5]}
        executors.scripts["find"] = [gives(result)]

        job = await office.run(a_step("find"))

        assert (await office.rows(job.id))["find"].result == {
            "text": "a •••",
            "n": "•••",
            "•••": ["•••5", True, None, 1.5],
        }

    async def test_they_are_taken_out_of_failures_lines_and_entries(
        self, office: Office, executors: FakeExecutors
    ) -> None:
        word, number = self.SECRETS
        executors.scripts |= {
            "a": [fails(ElementNotFoundError(word, number))],
            "b": [fails(RuntimeError(f"typed {word}"))],
        }
        executors.verify_as["b"] = lambda _: Verification(happened=None, detail=f"found {number}")

        job = await office.run(a_step("a"), a_step("b"))

        stored = await self._all_that_is_stored(office, job)
        assert job.status is JobStatus.FAILED
        assert "•••" in stored
        assert not [secret for secret in ("xyzzy", number) if secret in stored]


async def test_what_is_no_text_and_what_is_no_json_can_still_be_stored(
    office: Office, executors: FakeExecutors
) -> None:
    executors.scripts["find"] = [
        gives({"half": "a\ud83d", "when": office.clock.now(), "nan": float("nan"), "deep": {1: ("x",)}})
    ]

    job = await office.run(a_step("find"))

    result = (await office.rows(job.id))["find"].result
    assert result == {"deep": {"1": ["x"]}, "half": "a?", "nan": "nan", "when": str(office.clock.now())}
