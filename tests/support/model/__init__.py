"""The reference model: all that docs and contracts promise of a district, small, slow and plain enough to be read.

It shares no code with the services, only the names and messages of the contracts and the loader of profiles. Read it
in this order: `almanac` and `days` (when a limit ends), `routes` (who does it), `reception` (what becomes of a report),
`casework` (cases and tasks), `time` and `team` (clocks, ladder, whistle), `ground` (where cases lie), `telling`
(notices), and `district`, which ties all of it together; `case` is what there is. `place` is the district that model
and services are compared in.
"""
