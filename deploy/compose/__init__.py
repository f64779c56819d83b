"""The jobs of `docker-compose.yml`: secrets, the database's set and users, then topics, access lists and profiles."""
