"""What crosses the bus, one file a noun; imports pydantic only.

Importing this package registers every message type, so that `registry.decode` knows them all.
"""

from shared.contracts import cases, commands, dead_letters, escalations, incidents, notifications

__all__ = ["cases", "commands", "dead_letters", "escalations", "incidents", "notifications"]
