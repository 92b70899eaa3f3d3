-- A search for words that no job has together would read the words of all jobs: SQLite looks where it may stop only at
-- what it finds. So each job is indexed with three words more, one for each run of 75,000 numbers that it lies in, which
-- begin every 25,000; a search asks for one of them and ends where it does. They begin with a letter that is taken out
-- of descriptions, so that no other tenant can write them.
CREATE VIEW job_texts (n, text) AS
SELECT n, own || span || ' ' || own || (span + 1) || ' ' || own || (span + 2) || ' ' || replace(description, char(57344), ' ')
FROM (SELECT n, char(57344) || lower(hex(tenant)) || 'x' AS own, n / 25000 AS span, description FROM jobs WHERE description <> '');

-- The index of before (job_words, job_words_mark, job_words_go) stays for the processes that still run with it; a later
-- revision drops it. The jobs above `low` up to `high` are in the new one: it is written in parts while jobs go on.
CREATE VIRTUAL TABLE job_word_spans USING fts5(text, content='', columnsize=0, tokenize='unicode61 remove_diacritics 0');
CREATE TABLE job_word_spans_mark (low INTEGER NOT NULL, high INTEGER NOT NULL) STRICT;
INSERT INTO job_word_spans_mark (low, high) SELECT coalesce(max(n), 0), coalesce(max(n), 0) FROM jobs;
CREATE TRIGGER job_word_spans_go BEFORE DELETE ON jobs
WHEN EXISTS (SELECT 1 FROM job_word_spans_mark WHERE low < OLD.n AND high >= OLD.n)
BEGIN
    INSERT INTO job_word_spans (job_word_spans, rowid, text) SELECT 'delete', n, text FROM job_texts WHERE n = OLD.n;
END;
