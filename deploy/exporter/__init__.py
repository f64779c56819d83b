"""What no service can know of itself, measured from outside: conservation across all of them, and certificates."""
