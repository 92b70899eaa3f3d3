"""One server from which the processes of tests are forked, with all that they would import already imported.

There is one such server in a test process, and only its start looks at what to import: so all tests share the list.
"""

import multiprocessing

FORK_SERVER = multiprocessing.get_context("forkserver")
FORK_SERVER.set_forkserver_preload(
    [
        "scheduler.main",
        "alembic.command",
        "sqlalchemy.dialects.sqlite",
        "playwright.async_api",
        "tests.support.agent_processes",
        "tests.support.agent_writes",
        "tests.support.cares_for_store",
        "tests.support.cpa_process",
        "tests.support.fault_process",
        "tests.support.killed_writes",
        "tests.support.opens_store",
        "tests.support.plan_writes",
        "tests.support.question_writes",
        "tests.support.scheduling",
        "tests.support.already_read",
    ]
)
