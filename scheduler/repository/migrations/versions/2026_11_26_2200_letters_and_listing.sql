-- Dead letters are listed by code and by intent.
ALTER TABLE dead_letters ADD COLUMN intent TEXT NOT NULL DEFAULT '';
UPDATE dead_letters SET intent = (SELECT intent FROM jobs WHERE id = job_id);
CREATE INDEX dead_letters_by_code ON dead_letters (tenant, code, at);
CREATE INDEX dead_letters_by_intent ON dead_letters (tenant, intent, at);

-- Grows with every correction of a plan.
ALTER TABLE jobs ADD COLUMN plan_version INTEGER NOT NULL DEFAULT 1;

-- The jobs of a batch that came with a key, as a JSON list; null for an order that was refused.
ALTER TABLE idempotency_keys ADD COLUMN job_ids TEXT;

-- Lists of jobs: newest first by `created_at`, then by `n`, which every index ends with. A job that has ended is written
-- into its index once; the index of open ones is small, so it may be searched for an intent.
DROP INDEX jobs_of_tenant;
DROP INDEX jobs_of_tenant_by_status;
CREATE INDEX jobs_of_tenant ON jobs (tenant, created_at);
CREATE INDEX jobs_of_intent ON jobs (tenant, intent, created_at);
CREATE INDEX jobs_open ON jobs (tenant, status, created_at, intent)
WHERE status IN ('pending', 'running', 'waiting', 'cancelling');
CREATE INDEX jobs_ended ON jobs (tenant, status, created_at) WHERE status IN ('done', 'failed', 'cancelled');
CREATE INDEX jobs_ended_of_intent ON jobs (tenant, intent, status, created_at)
WHERE status IN ('done', 'failed', 'cancelled');

-- The words of descriptions, each job's together with a word that no other tenant's jobs have.
CREATE VIRTUAL TABLE job_words USING fts5(words, content='', columnsize=0, tokenize='unicode61 remove_diacritics 0');
CREATE TRIGGER job_words_come AFTER INSERT ON jobs WHEN NEW.description <> ''
BEGIN
    INSERT INTO job_words (rowid, words) VALUES (NEW.n, 'xt' || lower(hex(NEW.tenant)) || ' ' || NEW.description);
END;
CREATE TRIGGER job_words_go AFTER DELETE ON jobs WHEN OLD.description <> ''
BEGIN
    INSERT INTO job_words (job_words, rowid, words)
    VALUES ('delete', OLD.n, 'xt' || lower(hex(OLD.tenant)) || ' ' || OLD.description);
END;
INSERT INTO job_words (rowid, words)
SELECT n, 'xt' || lower(hex(tenant)) || ' ' || description FROM jobs WHERE description <> '';
