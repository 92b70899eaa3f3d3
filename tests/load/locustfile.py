"""Users who have sentences done and watch their jobs: `make load`, or `locust -f tests/load/locustfile.py --host URL`.

Locust reads this file, not pytest; it comes from the venv of the benchmarks.
"""

import random

from locust import FastHttpUser, between, task

SENTENCES = (
    "Hol die Rechnung {number} aus dem Portal und schick sie an anna@example.com",
    "Fetch invoice {number} from the portal and send it to anna@example.com",
)
NUMBERS = (3_000, 9_999)
"""Of invoices. One below 2,100 could be a year."""
REMEMBERED = 50
"""Jobs that one user still asks about."""


class OfficeUser(FastHttpUser):
    """Submits now and then, looks often."""

    wait_time = between(0.1, 0.5)

    def on_start(self) -> None:
        self.jobs: list[str] = []
        self.submit()

    @task(1)
    def submit(self) -> None:
        sentence = random.choice(SENTENCES).format(number=random.randint(*NUMBERS))  # noqa: S311 - no secret
        with self.client.post("/schedule", json={"text": sentence}, catch_response=True) as answer:
            if answer.status_code != 202:
                answer.failure(f"{answer.status_code}: {answer.text}")
                return
            self.jobs = [*self.jobs[-REMEMBERED:], answer.json()["job_id"]]

    @task(4)
    def look(self) -> None:
        if not self.jobs:
            return
        job_id = random.choice(self.jobs)  # noqa: S311 - no secret
        with self.client.get(f"/jobs/{job_id}", name="/jobs/{job_id}", catch_response=True) as answer:
            if answer.status_code != 200:
                answer.failure(f"{answer.status_code}: {answer.text}")
            elif answer.json()["job"]["job_id"] != job_id:
                answer.failure("another job")
