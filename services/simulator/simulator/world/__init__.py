"""The seeded city: its geography, people, providers and what really happens at visits. Pure."""
