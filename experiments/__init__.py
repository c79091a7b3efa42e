"""A/B experiments: their configuration, and which variants a user gets."""
