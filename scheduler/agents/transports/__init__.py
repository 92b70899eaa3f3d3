"""How a message reaches an agent."""
