"""The dashboards of Grafana as code: `python -m deploy.grafana` writes dashboards/*.json, which is what Grafana reads.

`panels.py` knows how a panel is written down, `board.py` a dashboard; each file of `boards` says what one shows. No
service and no part of the command line imports this.
"""
