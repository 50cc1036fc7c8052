"""What only a city in one box has: a clock that moves, and the state of all its parts."""
