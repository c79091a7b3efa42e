"""What lies between an event that comes in and the event store: the journal."""
