CREATE TABLE agents (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL, -- the agent, apart from its signs of life
    token_digest TEXT NOT NULL,
    UNIQUE (tenant, name)
) STRICT;

CREATE TABLE agent_keys (
    kid TEXT PRIMARY KEY,
    agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    x TEXT NOT NULL, -- Ed25519, base64url
    place INTEGER NOT NULL, -- 0: in use, 1: its successor
    UNIQUE (agent_id, place)
) STRICT;

CREATE TABLE agent_beats (
    agent_id TEXT PRIMARY KEY REFERENCES agents (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    running INTEGER NOT NULL,
    status TEXT NOT NULL
) STRICT;

CREATE TABLE agents_version (n INTEGER NOT NULL) STRICT; -- one row; grows with every change of agents or keys

INSERT INTO agents_version (n) VALUES (0);

CREATE TABLE enrolments (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    digest TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    uses INTEGER NOT NULL, -- that are left
    document TEXT NOT NULL -- which types and capabilities it lets in
) STRICT;

CREATE TABLE lam_nonces (
    kid TEXT NOT NULL,
    nonce TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (kid, nonce)
) STRICT, WITHOUT ROWID;

CREATE INDEX lam_nonces_by_end ON lam_nonces (expires_at);

CREATE TABLE outbox (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL -- nobody waits for an answer after it
) STRICT;

CREATE INDEX outbox_of_agent ON outbox (agent_id, n);

CREATE INDEX outbox_by_end ON outbox (expires_at);

ALTER TABLE messages ADD COLUMN task_id TEXT;

ALTER TABLE messages ADD COLUMN in_reply_to TEXT;

ALTER TABLE messages ADD COLUMN agent_id TEXT; -- to or from whom

ALTER TABLE messages ADD COLUMN digest TEXT; -- of the content, apart from its signature

ALTER TABLE messages ADD COLUMN answer TEXT; -- what its sender was answered

ALTER TABLE messages ADD COLUMN refused TEXT; -- why it changes nothing; NULL: it counts

CREATE INDEX messages_in_reply ON messages (tenant, in_reply_to, n) WHERE in_reply_to IS NOT NULL;

CREATE INDEX messages_of_task ON messages (tenant, conversation_id, task_id, n) WHERE task_id IS NOT NULL;
