"""The dashboards, one a file, found by their place here. `deploy.grafana.words` puts what labels say into words."""
