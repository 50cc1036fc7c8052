"""Files of elders on their way into the register."""
