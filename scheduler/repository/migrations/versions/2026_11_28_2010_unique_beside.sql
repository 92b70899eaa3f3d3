-- held = 2: another has taken the place since, while this one had not ended
UPDATE unique_jobs SET held = 2 WHERE held = 0
AND (SELECT status FROM jobs WHERE id = job_id) NOT IN ('done', 'failed', 'cancelled');
CREATE INDEX unique_jobs_beside ON unique_jobs (tenant, key) WHERE held = 2;

-- the places of a batch's answer that were refused because of a job that was there, and which, JSON
ALTER TABLE idempotency_keys ADD COLUMN refused TEXT;

-- whether the jobs of a schedule are unique, JSON: apart, so that versions before can read the definition
ALTER TABLE schedules ADD COLUMN only_one TEXT;
UPDATE schedules SET only_one = json_extract(definition, '$.unique'), definition = json_remove(definition, '$.unique')
WHERE json_extract(definition, '$.unique') IS NOT NULL;
