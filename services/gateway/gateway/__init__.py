"""How do people and programs from outside reach the platform? HTTP JSON → gRPC, from the contracts
alone; and a feed of events.
"""
