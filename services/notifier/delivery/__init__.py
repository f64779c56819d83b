"""The loop that delivers: lanes claim and send, one a channel; the saver turns outcomes into state and events."""
