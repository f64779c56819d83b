"""What escalation does outside its core: the audit's count in the database, the ping of the dead man's switch."""
