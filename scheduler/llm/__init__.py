"""Asks language models: providers behind one port, within deadlines and budgets."""
