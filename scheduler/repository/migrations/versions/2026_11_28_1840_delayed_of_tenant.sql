CREATE INDEX jobs_delayed_of_tenant ON jobs (tenant) WHERE status = 'pending' AND delayed = 1;
