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

CREATE INDEX taught_of_tenant ON taught (tenant, n, forgotten);

CREATE UNIQUE INDEX taught_intents ON taught (tenant, intent) WHERE kind = 'intent' AND forgotten IS NULL;
