"""Joining the parts: train, evaluate, publish, the demo and the command line."""
