"""The four services; they talk over topics and never import each other."""
