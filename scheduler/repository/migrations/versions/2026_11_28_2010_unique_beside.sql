-- held = 2: another has taken the place since, while this one had not ended
UPDATE unique_jobs SET held = 2 WHERE held = 0
AND (SELECT status FROM jobs WHERE id = job_id) NOT IN ('done', 'failed', 'cancelled');
CREATE INDEX unique_jobs_beside ON unique_jobs (tenant, key) WHERE held = 2;

-- the places of a batch's answer that were refused because of a job that was there, and which, JSON
ALTER TABLE idempotency_keys ADD COLUMN refused TEXT;
