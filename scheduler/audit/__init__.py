"""Who did what, why, and with which result."""
