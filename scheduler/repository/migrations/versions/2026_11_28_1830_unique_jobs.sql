-- only jobs whose order asked for it have a row here; what they hold is free once their status says so
CREATE TABLE unique_jobs (
    job_id TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    tenant TEXT NOT NULL,
    key TEXT NOT NULL, -- digest
    states TEXT NOT NULL, -- in which others are in its way, JSON
    within INTEGER, -- microseconds
    held INTEGER NOT NULL -- 1: it was the last to take the place, 0: another has taken it since
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX unique_jobs_held ON unique_jobs (tenant, key) WHERE held = 1;

-- the places of a request's answer whose jobs were there already, JSON
ALTER TABLE idempotency_keys ADD COLUMN met TEXT;
