"""Escalation: owns time. Every clock of every case, warnings, breaches, the ladder, the whistle and the joint team."""
