"""Other queues and workflow engines, put through the same work as ours."""
