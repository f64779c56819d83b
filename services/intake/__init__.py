"""Intake (受理): the only trust boundary; makes reports and commands trustworthy, or says why it does not."""
