"""Who can do what, and how they are asked."""
