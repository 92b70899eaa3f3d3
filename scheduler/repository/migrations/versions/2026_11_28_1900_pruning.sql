CREATE INDEX jobs_by_end ON jobs (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX messages_by_age ON messages (stored_at);
CREATE INDEX schedule_events_by_age ON schedule_events (at);
CREATE INDEX enrolments_by_end ON enrolments (expires_at);
CREATE INDEX agent_beats_by_age ON agent_beats (at);
CREATE TABLE pruning ( -- jobs whose timeline is no longer whole, because they are on their way out
    job_id TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
