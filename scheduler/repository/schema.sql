-- Generated from the migrations by `python -m scheduler.repository.schema`. Do not edit.

CREATE TABLE agent_beats (
    agent_id TEXT PRIMARY KEY REFERENCES agents (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    running INTEGER NOT NULL,
    status TEXT NOT NULL
) STRICT;

CREATE INDEX agent_beats_by_age ON agent_beats (at);

CREATE TABLE agent_keys (
    kid TEXT PRIMARY KEY,
    agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    x TEXT NOT NULL, -- Ed25519, base64url
    place INTEGER NOT NULL, good_until INTEGER, -- 0: in use, 1: its successor
    UNIQUE (agent_id, place)
) STRICT;

CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL, -- the agent, apart from its signs of life
    token_digest TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 0,
    UNIQUE (tenant, name)
) STRICT;

CREATE INDEX agents_by_version ON agents (version);

CREATE TABLE agents_version (n INTEGER NOT NULL) STRICT;

CREATE TABLE audit_blocks (
    tenant TEXT NOT NULL,
    block INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (tenant, block)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_blocks_are_not_changed BEFORE UPDATE ON audit_blocks
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_blocks_are_not_deleted BEFORE DELETE ON audit_blocks
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_blocks_have_spans AFTER INSERT ON audit_blocks
BEGIN
    INSERT INTO audit_spans (tenant, last, block, first)
    SELECT tenant, max(timestamp), block, min(timestamp) FROM audit_log
    WHERE tenant = NEW.tenant AND block = NEW.block GROUP BY tenant, block;
END;

CREATE TABLE audit_heads (
    tenant TEXT PRIMARY KEY,
    block INTEGER NOT NULL,
    digest TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_heads_are_not_deleted BEFORE DELETE ON audit_heads
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_heads_only_grow BEFORE UPDATE ON audit_heads
WHEN NEW.tenant <> OLD.tenant OR NEW.block <> OLD.block + 1
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE audit_log (
    tenant TEXT NOT NULL,
    block INTEGER NOT NULL,
    position INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    timestamp INTEGER NOT NULL,
    job_id TEXT NOT NULL,
    task_id TEXT,
    action TEXT NOT NULL,
    reason TEXT NOT NULL,
    result TEXT NOT NULL,
    screenshot_path TEXT,
    metadata TEXT NOT NULL,
    PRIMARY KEY (tenant, block, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_of_job ON audit_log (job_id, tenant, block, position);

CREATE TRIGGER audit_log_is_not_changed BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_log_is_not_deleted BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE audit_spans (
    tenant TEXT NOT NULL,
    last INTEGER NOT NULL,
    block INTEGER NOT NULL,
    first INTEGER NOT NULL,
    PRIMARY KEY (tenant, last, block)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_spans_are_not_changed BEFORE UPDATE ON audit_spans
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_spans_are_not_deleted BEFORE DELETE ON audit_spans
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE dead_letters (
    job_id TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    tenant TEXT NOT NULL,
    run INTEGER NOT NULL,
    code TEXT NOT NULL,
    at INTEGER NOT NULL
, intent TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;

CREATE INDEX dead_letters_by_age ON dead_letters (at);

CREATE INDEX dead_letters_by_code ON dead_letters (tenant, code, at);

CREATE INDEX dead_letters_by_intent ON dead_letters (tenant, intent, at);

CREATE INDEX dead_letters_of_tenant ON dead_letters (tenant, at);

CREATE TABLE enrolments (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    digest TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    uses INTEGER NOT NULL, -- that are left
    document TEXT NOT NULL -- which types and capabilities it lets in
) STRICT;

CREATE INDEX enrolments_by_end ON enrolments (expires_at);

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    run INTEGER NOT NULL,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    task_id TEXT,
    data TEXT NOT NULL
) STRICT;

CREATE INDEX events_of_job ON events (job_id, seq);

CREATE TABLE idempotency_keys (
    tenant TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    body_digest TEXT NOT NULL,
    job_id TEXT NOT NULL,
    created_at INTEGER NOT NULL, job_ids TEXT, met TEXT, refused TEXT,
    PRIMARY KEY (tenant, route, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE VIEW job_texts (n, text) AS
SELECT n, own || span || ' ' || own || (span + 1) || ' ' || own || (span + 2) || ' ' || replace(description, char(57344), ' ')
FROM (SELECT n, char(57344) || lower(hex(tenant)) || 'x' AS own, n / 25000 AS span, description FROM jobs WHERE description <> '');

CREATE VIRTUAL TABLE job_word_spans USING fts5(text, content='', columnsize=0, tokenize='unicode61 remove_diacritics 0');

CREATE TABLE job_word_spans_mark (low INTEGER NOT NULL, high INTEGER NOT NULL) STRICT;

CREATE VIRTUAL TABLE job_words USING fts5(words, content='', columnsize=0, tokenize='unicode61 remove_diacritics 0');

CREATE TABLE job_words_mark (n INTEGER NOT NULL) STRICT;

CREATE TABLE jobs (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    intent TEXT NOT NULL,
    description TEXT NOT NULL,
    locale TEXT NOT NULL,
    status TEXT NOT NULL,
    priority INTEGER NOT NULL,
    run INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    completed_at INTEGER,
    deadline INTEGER,
    not_before INTEGER NOT NULL,
    error TEXT,
    error_code TEXT,
    retry_count INTEGER NOT NULL,
    max_retries INTEGER NOT NULL,
    crashes INTEGER NOT NULL DEFAULT 0,
    lease_token TEXT,
    lease_epoch INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    graph_digest TEXT NOT NULL,
    context TEXT NOT NULL,
    task_graph TEXT NOT NULL
, turn INTEGER NOT NULL DEFAULT 0, delayed INTEGER NOT NULL DEFAULT 0, plan_version INTEGER NOT NULL DEFAULT 1) STRICT;

CREATE INDEX jobs_by_end ON jobs (completed_at) WHERE completed_at IS NOT NULL;

CREATE INDEX jobs_cancelling ON jobs (id) WHERE status = 'cancelling';

CREATE INDEX jobs_delayed ON jobs (not_before) WHERE status = 'pending' AND delayed = 1;

CREATE INDEX jobs_delayed_of_tenant ON jobs (tenant) WHERE status = 'pending' AND delayed = 1;

CREATE INDEX jobs_ended ON jobs (tenant, intent, status, created_at) WHERE completed_at IS NOT NULL;

CREATE INDEX jobs_leased ON jobs (lease_until, tenant) WHERE lease_until IS NOT NULL;

CREATE INDEX jobs_of_intent ON jobs (tenant, intent, created_at);

CREATE INDEX jobs_of_status ON jobs (tenant, status, created_at, n, intent);

CREATE INDEX jobs_of_tenant ON jobs (tenant, created_at);

CREATE INDEX jobs_ready ON jobs (priority DESC, turn, n, tenant) WHERE status = 'pending' AND delayed = 0;

CREATE INDEX jobs_ready_of_tenant ON jobs (tenant, priority DESC, turn, n) WHERE status = 'pending' AND delayed = 0;

CREATE TRIGGER job_word_spans_go BEFORE DELETE ON jobs
WHEN EXISTS (SELECT 1 FROM job_word_spans_mark WHERE low < OLD.n AND high >= OLD.n)
BEGIN
    INSERT INTO job_word_spans (job_word_spans, rowid, text) SELECT 'delete', n, text FROM job_texts WHERE n = OLD.n;
END;

CREATE TRIGGER job_words_go AFTER DELETE ON jobs
WHEN OLD.description <> '' AND OLD.n <= (SELECT n FROM job_words_mark)
BEGIN
    INSERT INTO job_words (job_words, rowid, words)
    VALUES ('delete', OLD.n, 'xt' || lower(hex(OLD.tenant)) || ' ' || OLD.description);
END;

CREATE TABLE lam_nonces (
    kid TEXT NOT NULL,
    nonce TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (kid, nonce)
) STRICT, WITHOUT ROWID;

CREATE INDEX lam_nonces_by_end ON lam_nonces (expires_at);

CREATE TABLE messages (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    sender TEXT NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    conversation_id TEXT,
    document TEXT NOT NULL,
    stored_at INTEGER NOT NULL, task_id TEXT, in_reply_to TEXT, agent_id TEXT, digest TEXT, answer TEXT, refused TEXT,
    UNIQUE (tenant, sender, id)
) STRICT;

CREATE INDEX messages_by_age ON messages (stored_at);

CREATE INDEX messages_by_id ON messages (tenant, id);

CREATE INDEX messages_in_reply ON messages (tenant, in_reply_to, n) WHERE in_reply_to IS NOT NULL;

CREATE INDEX messages_of_conversation ON messages (tenant, conversation_id, n);

CREATE INDEX messages_of_task ON messages (tenant, conversation_id, task_id, n) WHERE task_id IS NOT NULL;

CREATE TABLE outbox (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL -- nobody waits for an answer after it
) STRICT;

CREATE INDEX outbox_by_end ON outbox (expires_at);

CREATE INDEX outbox_of_agent ON outbox (agent_id, n);

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

CREATE TABLE pruning ( -- jobs whose timeline is no longer whole, because they are on their way out
    job_id TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

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

CREATE TABLE repairs (
    job_id TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    tenant TEXT NOT NULL,
    run INTEGER NOT NULL, -- the last run that was looked at
    tries INTEGER NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT NOT NULL, -- looking, repaired, refused, advice, or the code of an error
    suggestion TEXT NOT NULL -- what the model says to people
) STRICT, WITHOUT ROWID;

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

CREATE INDEX schedule_events_by_age ON schedule_events (at);

CREATE INDEX schedule_events_of_schedule ON schedule_events (schedule_id, seq);

CREATE UNIQUE INDEX schedule_firing_of_moment ON schedule_events (schedule_id, moment)
WHERE type IN ('fired', 'failed', 'skipped');

CREATE INDEX schedule_firings ON schedule_events (schedule_id, seq)
WHERE type IN ('fired', 'failed', 'skipped', 'missed');

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
    last_error TEXT, only_one TEXT,
    UNIQUE (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX schedules_due ON schedules (next_fire) WHERE next_fire IS NOT NULL;

CREATE TABLE spending (
    account TEXT PRIMARY KEY, -- "job ID", "tenant NAME DAY", "day DAY"
    tokens INTEGER NOT NULL,
    micros INTEGER NOT NULL -- millionths of the currency of the price list
) STRICT, WITHOUT ROWID;

CREATE TABLE tasks (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    task_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    run INTEGER NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    not_before INTEGER,
    result TEXT,
    verified INTEGER,
    failure TEXT,
    effect_key TEXT,
    evidence TEXT NOT NULL,
    started_at INTEGER,
    completed_at INTEGER,
    PRIMARY KEY (job_id, task_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE taught (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL, -- example or intent
    intent TEXT NOT NULL,
    text TEXT NOT NULL, -- of an example, with its markup
    document TEXT NOT NULL, -- of an intent
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    forgotten INTEGER -- when; NULL: it is known
) STRICT;

CREATE UNIQUE INDEX taught_intents ON taught (tenant, intent) WHERE kind = 'intent' AND forgotten IS NULL;

CREATE INDEX taught_of_tenant ON taught (tenant, n, forgotten);

CREATE TABLE turns (
    priority INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    turn INTEGER NOT NULL,
    PRIMARY KEY (priority, tenant)
) STRICT, WITHOUT ROWID;

CREATE TABLE unique_jobs (
    job_id TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    tenant TEXT NOT NULL,
    key TEXT NOT NULL, -- digest
    states TEXT NOT NULL, -- in which others are in its way, JSON
    within INTEGER, -- microseconds
    held INTEGER NOT NULL -- 1: it was the last to take the place, 0: another has taken it since
) STRICT, WITHOUT ROWID;

CREATE INDEX unique_jobs_beside ON unique_jobs (tenant, key) WHERE held = 2;

CREATE UNIQUE INDEX unique_jobs_held ON unique_jobs (tenant, key) WHERE held = 1;
