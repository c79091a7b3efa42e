"""Interactions as arrays, cut at a moment."""
