-- What a tenant has ready, in order: who comes next past a tenant that may have no more now.
CREATE INDEX jobs_ready_of_tenant ON jobs (tenant, priority DESC, turn, n) WHERE status = 'pending' AND delayed = 0;

-- Lists by status and intent: of what has ended by one index, of what has not by the other, which is as long as the queue.
DROP INDEX jobs_of_status;
CREATE INDEX jobs_of_status ON jobs (tenant, status, created_at, n, intent);
CREATE INDEX jobs_ended ON jobs (tenant, intent, status, created_at) WHERE completed_at IS NOT NULL;
