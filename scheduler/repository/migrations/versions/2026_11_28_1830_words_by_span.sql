-- A search for words that no job has together would read the words of all jobs: SQLite looks where it may stop only at
-- what it finds. So each job is indexed with three words more, one for each run of 75,000 numbers that it lies in, which
-- begin every 25,000; a search asks for one of them and ends where it does. They begin with a letter that is taken out
-- of descriptions, so that no other tenant can write them. The index is written anew, in parts, while jobs go on.
CREATE VIEW job_texts (n, text) AS
SELECT n, own || span || ' ' || own || (span + 1) || ' ' || own || (span + 2) || ' ' || replace(description, char(57344), ' ')
FROM (SELECT n, char(57344) || lower(hex(tenant)) || 'x' AS own, n / 25000 AS span, description FROM jobs WHERE description <> '');

DROP TRIGGER job_words_go;
DROP TABLE job_words;
CREATE VIRTUAL TABLE job_words USING fts5(text, content='', columnsize=0, tokenize='unicode61 remove_diacritics 0');
UPDATE job_words_mark SET n = 0;
CREATE TRIGGER job_words_go BEFORE DELETE ON jobs
WHEN OLD.n <= (SELECT n FROM job_words_mark)
BEGIN
    INSERT INTO job_words (job_words, rowid, text) SELECT 'delete', n, text FROM job_texts WHERE n = OLD.n;
END;
