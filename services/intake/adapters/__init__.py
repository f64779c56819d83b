"""I/O of intake's own: the database queries beside the engine, the HTTP gateway, the file of keys."""
