"""A city's real requests through the running pipeline, on Apache Kafka and mongod, judged row by row against the city.

The data stays where it is; nothing of it is part of the project. docs/demo.md says how each kind of row is treated.
"""
