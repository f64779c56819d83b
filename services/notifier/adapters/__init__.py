"""What the notifier keeps and reads: claims, contacts, templates, secrets."""
