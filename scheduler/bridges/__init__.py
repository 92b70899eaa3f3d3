"""Other protocols over our own jobs: the scheduler as an MCP server and as an A2A agent."""
