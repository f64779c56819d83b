"""I/O that the services share: broker, database, engine, clock, metrics, logging, application factory."""
