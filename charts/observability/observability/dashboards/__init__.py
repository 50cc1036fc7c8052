"""Five pages: is the promise kept, do events flow, does the front door answer, are the processes
well, are the figures right.
"""
