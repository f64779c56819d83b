"""The router (派单): owns the case. Categories, departments and tasks, and the one state machine they go through."""
