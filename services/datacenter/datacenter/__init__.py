"""What does the regulator see, and which facts made it? every event of every service → archive →
counts by area and month → boards.
"""
