"""Decides what a job does next, and has it done."""
