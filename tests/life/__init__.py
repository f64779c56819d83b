"""The life of a district on two clusters, from its first profile to its last topic (docs/runbooks/districts.md)."""
