"""The notifier: who hears what, on which channel, once, with a receipt."""
