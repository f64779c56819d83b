"""The public surface as documents: JSON Schema and AsyncAPI, made from the message classes themselves."""
