"""Counters for the one who is on call."""
