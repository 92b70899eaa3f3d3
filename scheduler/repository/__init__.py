"""What is so: jobs, tasks, messages, events and the audit log, each behind a port."""
