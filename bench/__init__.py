"""Measurements that can be repeated: each prints its figures, then one line per floor."""
