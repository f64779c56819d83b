"""The same pipeline as FastStream's tutorial would have it: one handler a message, one write, each publish awaited.

It is written for a fair comparison. Rules, calendar, deadlines, templates and messages are the product's own pure
functions, so only what surrounds them differs: FastStream's defaults (a record at a time, offsets committed by
themselves), `find_one` and `replace_one` a record, `publish` and wait. What it leaves out makes it faster: no outbox,
no version guard, no memory of what was applied, no leases, no sweeps, no metrics.
"""
