"""A whole city on one machine: its state folder, its servers and services, and who keeps them
alive. Only a checkout has what it starts.
"""
