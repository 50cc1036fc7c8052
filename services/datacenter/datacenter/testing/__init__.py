"""Builders for tests and benchmarks: callers, records of Kafka, and seeded histories of a small
city, by what they tell of. All invented.
"""
