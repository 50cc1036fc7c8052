"""Figures of the data center: how fast one process keeps and counts events, and how fast a board
opens.
"""
