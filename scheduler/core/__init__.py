"""The words of the field: pure models and decisions, no framework, no I/O."""
