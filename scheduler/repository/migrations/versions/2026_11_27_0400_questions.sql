CREATE TABLE questions (
    job_id TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    tenant TEXT NOT NULL,
    round INTEGER NOT NULL, -- how often the job has asked
    questions TEXT NOT NULL,
    answers TEXT NOT NULL, -- to the rounds before
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX questions_by_end ON questions (expires_at);

CREATE INDEX questions_of_tenant ON questions (tenant);
