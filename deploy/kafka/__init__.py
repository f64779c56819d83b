"""What the broker must hold for the system: topics and how each is set."""
