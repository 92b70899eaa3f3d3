"""Agents: processes of their own that act in applications and are asked by the scheduler."""
