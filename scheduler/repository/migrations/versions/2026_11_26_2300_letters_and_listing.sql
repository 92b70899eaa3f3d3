-- Dead letters are listed by code and by intent.
ALTER TABLE dead_letters ADD COLUMN intent TEXT NOT NULL DEFAULT '';
UPDATE dead_letters SET intent = (SELECT intent FROM jobs WHERE id = job_id);
CREATE INDEX dead_letters_by_code ON dead_letters (tenant, code, at);
CREATE INDEX dead_letters_by_intent ON dead_letters (tenant, intent, at);

-- Grows with every correction of a plan.
ALTER TABLE jobs ADD COLUMN plan_version INTEGER NOT NULL DEFAULT 1;

-- The jobs of a batch that came with a key, as a JSON list; null for an order that was refused.
ALTER TABLE idempotency_keys ADD COLUMN job_ids TEXT;

-- Lists of jobs: newest first by `created_at`, then by `n`, which every index ends with.
DROP INDEX jobs_of_tenant;
DROP INDEX jobs_of_tenant_by_status;
CREATE INDEX jobs_of_tenant ON jobs (tenant, created_at);
CREATE INDEX jobs_of_status ON jobs (tenant, status, created_at);
CREATE INDEX jobs_of_intent ON jobs (tenant, intent, created_at);

-- The words of descriptions, each job's together with a word that no other tenant's jobs have. They are written in
-- parts, apart from the jobs, for those up to the mark: within the transaction of a job they would cost ten times as much.
CREATE VIRTUAL TABLE job_words USING fts5(words, content='', columnsize=0, tokenize='unicode61 remove_diacritics 0');
CREATE TABLE job_words_mark (n INTEGER NOT NULL) STRICT;
INSERT INTO job_words_mark (n) VALUES (0);
CREATE TRIGGER job_words_go AFTER DELETE ON jobs
WHEN OLD.description <> '' AND OLD.n <= (SELECT n FROM job_words_mark)
BEGIN
    INSERT INTO job_words (job_words, rowid, words)
    VALUES ('delete', OLD.n, 'xt' || lower(hex(OLD.tenant)) || ' ' || OLD.description);
END;
