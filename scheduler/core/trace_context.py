"""Names the trace of a job (W3C Trace Context) so that every process agrees on it: the job's id is the trace."""

import hashlib
import re
from typing import Final

from scheduler.core.ids import JobId

_TRACE: Final = re.compile(r"(?!0{32})[0-9a-f]{32}")


def trace_of(job_id: JobId) -> str:
    """Return 32 hexadecimal digits."""
    job = job_id.replace("-", "")
    return job if _TRACE.fullmatch(job) else hashlib.sha256(job_id.encode()).hexdigest()[:32]


def span_of(*what: object) -> str:
    """Return 16 hexadecimal digits, equal wherever the same is named."""
    return hashlib.sha256(" ".join(map(str, what)).encode()).hexdigest()[:16]


def traceparent(trace: str, span: str) -> str:
    return f"00-{trace}-{span}-01"


def of_run(job_id: JobId, run: int) -> str:
    """Return the traceparent of a run of a job, below which its steps are."""
    return traceparent(trace_of(job_id), span_of("run", run))
