CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    version INTEGER NOT NULL,
    paused INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    since INTEGER NOT NULL,
    next_fire INTEGER,
    last_fire INTEGER,
    last_job_id TEXT,
    fired INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    last_error TEXT,
    UNIQUE (tenant, name)
) STRICT, WITHOUT ROWID;

-- which schedules are due, and when the next one is
CREATE INDEX schedules_due ON schedules (next_fire) WHERE next_fire IS NOT NULL;

CREATE TABLE schedule_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    schedule_id TEXT NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    moment INTEGER,
    job_id TEXT,
    data TEXT NOT NULL
) STRICT;

CREATE INDEX schedule_events_of_schedule ON schedule_events (schedule_id, seq);

CREATE INDEX schedule_firings ON schedule_events (schedule_id, seq)
WHERE type IN ('fired', 'failed', 'skipped', 'missed');

-- whatever else may go wrong: one firing per schedule and moment
CREATE UNIQUE INDEX schedule_firing_of_moment ON schedule_events (schedule_id, moment)
WHERE type IN ('fired', 'failed', 'skipped');
