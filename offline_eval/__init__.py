"""How good the lists are: a protocol without leaks, tuned baselines, intervals and paired tests."""
