"""Pictures of the dashboards for the docs: `make dashboards`. Nothing of the product, and no test."""
