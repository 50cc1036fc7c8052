"""The real servers a box needs, as plain child processes: PostgreSQL, Apache Kafka, a Kafka in
memory.
"""
