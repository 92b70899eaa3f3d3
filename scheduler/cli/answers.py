"""Questions of jobs at the terminal, and the answers to them."""

import sys
from collections.abc import Sequence
from typing import Any

import typer

from scheduler.cli import views
from scheduler.cli.client import Client, RefusedError, job_path
from scheduler.cli.session import WAITS, err
from scheduler.cli.words import say

Questions = Sequence[dict[str, Any]]


def ask(client: Client, job_id: str, questions: Questions) -> dict[str, Any]:
    """Ask at the terminal until the job waits for nothing more; return it. What is no answer is asked again."""
    while True:
        given = {question["key"]: _asked(question) for question in questions}
        try:
            job = client.call("POST", f"{job_path(job_id)}/answer", json={"answers": given})
        except RefusedError as error:
            if error.problem.get("status") != 422:
                raise
            err.print(views.escape(str(error)), highlight=False, soft_wrap=True)
            continue
        questions = job["questions"]
        if not questions:
            return job
        views.show_questions(err, questions)


def _asked(question: dict[str, Any]) -> str:
    words: str = typer.prompt(say("Antwort", "Answer"), hide_input=question["secret"], err=True)
    return words


def when_asked(client: Client, job_id: str) -> None:
    """Ask at the terminal what a job asks that is being watched, if it still does; elsewhere say how to answer, and
    leave: nobody there could, and the job waits."""
    questions = client.call("GET", job_path(job_id))["job"]["questions"]
    if not questions:
        return
    views.show_questions(err, questions)
    if not sys.stdin.isatty():
        err.print(say("Antworten:", "To answer:"), f"cpa answer {views.escape(job_id)}", highlight=False)
        raise typer.Exit(WAITS)
    try:
        ask(client, job_id, questions)
    except RefusedError as error:
        if error.problem.get("status") != 409:  # somebody else was faster
            raise


def read(questions: Questions, given: Sequence[str]) -> dict[str, Any]:
    """Return the body of an answer: `key=answer` by the keys of the questions, anything else is the only answer."""
    keys = {question["key"] for question in questions}
    pairs = [words.partition("=") for words in given]
    if all(key in keys for key, _, _ in pairs):
        return {"answers": {key: words for key, _, words in pairs}}
    return {"text": " ".join(given)}


def give(client: Client, job_id: str, body: dict[str, Any]) -> None:
    """Send an answer, and show what else the job asks then."""
    views.show_questions(err, client.call("POST", f"{job_path(job_id)}/answer", json=body)["questions"])
