"""A year of 崆峒区 at its real scale through the running pipeline, and its figures beside those of the plan.

The plan is written before anything is sent: who reports, who does what, when. What the figures must be follows from it
alone (`expected.py`); what they are, `gridwhistle kpi` says. docs/year.md has a run.
"""
