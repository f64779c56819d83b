"""The ways out. Each folder here is a channel, found by discovery; a new one is a new folder and nothing else."""
