"""What the notifier decides, without any I/O."""
