"""What the fork server imports and reads before its first fork, so that every process forked has it already.

It holds what any process of the tests needs, and what is read at a first request; none of it is looked at by collectors
of garbage again, which would copy it.
"""

from scheduler.garbage import collecting_nothing

with collecting_nothing():
    import sqlalchemy.dialects.sqlite  # noqa: F401 - with those above

    import tests.support.agent_writes
    import tests.support.cares_for_store
    import tests.support.counting_agent
    import tests.support.fault_process
    import tests.support.opens_store
    import tests.support.plan_writes
    import tests.support.question_writes
    import tests.support.scheduling  # noqa: F401 - with those above
    from scheduler.core.intent_router import IntentRouter

    IntentRouter.default().orders("Schick Anna bis morgen um 9 Uhr die Rechnung 4711 und öffne den Kalender")
