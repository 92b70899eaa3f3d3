"""`cpa run --table`: one job per row, watched until all have ended, and one table back that says how."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from scheduler.api.uploads import read_table
from scheduler.cli.client import Client, job_path
from scheduler.cli.session import err
from scheduler.cli.words import say
from scheduler.executors.data_csv import write_csv
from scheduler.executors.data_xlsx import write_xlsx

_PAUSE = 0.5  # seconds between two looks at what is still going on
_ENDED = frozenset({"done", "failed", "cancelled"})


def submit(client: Client, table: Path, fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """Send the table with the fields of its form, and return what became of each row."""
    files = {"table": (table.name, table.read_bytes())}
    answer = client.call("POST", "/tables", data=fields, files=files, timeout=600)
    rows: list[dict[str, Any]] = answer["rows"]
    return rows


def watch_rows(client: Client, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Show the progress until every job has ended; return each row with its state and its sentence."""
    ended: dict[str, Mapping[str, Any]] = {}
    open_jobs = [row["job_id"] for row in rows if row["job_id"]]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[failed]}"))
    with Progress(*columns, console=err) as progress:
        bar = progress.add_task(
            say("Aufträge", "jobs"), total=len(rows), completed=len(rows) - len(open_jobs), failed=""
        )
        while open_jobs:
            for job_id in list(open_jobs):
                detail = client.call("GET", job_path(job_id))
                if detail["status"] in _ENDED:
                    ended[job_id] = detail
                    open_jobs.remove(job_id)
            failed = sum(one["status"] != "done" for one in ended.values())
            words = say(f"{failed} nicht erledigt", f"{failed} not done") if failed else ""
            progress.update(bar, completed=len(rows) - len(open_jobs), failed=words)
            if open_jobs:
                time.sleep(_PAUSE)
    return [_told(row, ended.get(row["job_id"])) for row in rows]


def _told(row: Mapping[str, Any], detail: Mapping[str, Any] | None) -> dict[str, Any]:
    if detail is None:
        return {**row, "state": "refused", "sentence": row["problem"]["detail"]}
    done = say("Erledigt.", "Done.")
    return {**row, "state": detail["status"], "sentence": detail["job"]["error"] or done}


def write_result(table: Path, rows: list[dict[str, Any]]) -> Path:
    """Write the table again, each row with its job, state and sentence, beside the first one; return where."""
    given = read_table(table.name, table.read_bytes())
    columns = [*given.columns, "job_id", "state", "sentence"]
    cells = [
        [*line, row["job_id"] or "", row["state"], row["sentence"]] for line, row in zip(given.cells, rows, strict=True)
    ]
    excel = table.suffix.lower() in {".xlsx", ".xlsm"}
    path = table.with_name(f"{table.stem}.result{'.xlsx' if excel else '.csv'}")
    path.write_bytes(write_xlsx(columns, cells) if excel else write_csv(columns, cells, delimiter=";", decimal=","))
    return path
