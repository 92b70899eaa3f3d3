CREATE TABLE plans (
    tenant TEXT NOT NULL,
    hash TEXT NOT NULL, -- of the graph
    id TEXT NOT NULL, -- of this showing; a submission is known by it
    version INTEGER NOT NULL,
    before TEXT, -- the hash of the version before
    newer TEXT, -- the hash of the version that took its place
    text TEXT NOT NULL,
    document TEXT NOT NULL, -- what was understood, and the plan
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX plans_by_age ON plans (tenant, expires_at);

CREATE INDEX plans_expired ON plans (expires_at);

-- a failed job's plan is looked at by a language model at most once a run
CREATE TABLE repairs (
    job_id TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    tenant TEXT NOT NULL,
    run INTEGER NOT NULL, -- the last run that was looked at
    tries INTEGER NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT NOT NULL, -- looking, repaired, refused, advice, or the code of an error
    suggestion TEXT NOT NULL -- what the model says to people
) STRICT, WITHOUT ROWID;

CREATE INDEX dead_letters_by_age ON dead_letters (at);
