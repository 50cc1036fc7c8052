"""Backup and restore: a folder that holds a living city, a city from it, and Kafka fitted to
databases that others brought back.
"""
