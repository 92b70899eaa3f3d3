-- Fair turns between tenants, and delayed jobs apart from those that are ready.

ALTER TABLE jobs ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;

ALTER TABLE jobs ADD COLUMN delayed INTEGER NOT NULL DEFAULT 0;

UPDATE jobs SET delayed = 1 WHERE status = 'pending' AND not_before > 0;

CREATE TABLE turns (
    priority INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    turn INTEGER NOT NULL,
    PRIMARY KEY (priority, tenant)
) STRICT, WITHOUT ROWID;

DROP INDEX jobs_ready;

CREATE INDEX jobs_ready ON jobs (priority DESC, turn, n, tenant) WHERE status = 'pending' AND delayed = 0;

CREATE INDEX jobs_delayed ON jobs (not_before) WHERE status = 'pending' AND delayed = 1;

DROP INDEX jobs_leased;

CREATE INDEX jobs_leased ON jobs (lease_until, tenant) WHERE lease_until IS NOT NULL;
