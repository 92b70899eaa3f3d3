-- Dead letters are listed by code and by intent.
ALTER TABLE dead_letters ADD COLUMN intent TEXT NOT NULL DEFAULT '';
UPDATE dead_letters SET intent = (SELECT intent FROM jobs WHERE id = job_id);
CREATE INDEX dead_letters_by_code ON dead_letters (tenant, code, at);
CREATE INDEX dead_letters_by_intent ON dead_letters (tenant, intent, at);

-- Grows with every correction of a plan.
ALTER TABLE jobs ADD COLUMN plan_version INTEGER NOT NULL DEFAULT 1;

-- The jobs of a batch that came with a key, as a JSON list; null for an order that was refused.
ALTER TABLE idempotency_keys ADD COLUMN job_ids TEXT;
