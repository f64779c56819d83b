"""What workers for one district are good for, measured: `make scaling` (docs/scaling.md)."""
