"""What `docker compose up` needs besides images: the first set-up, and the database's replica set."""
