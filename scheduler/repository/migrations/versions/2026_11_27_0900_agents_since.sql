ALTER TABLE agents ADD COLUMN version INTEGER NOT NULL DEFAULT 0; -- agents_version when the agent or its keys changed last

CREATE INDEX agents_by_version ON agents (version);
