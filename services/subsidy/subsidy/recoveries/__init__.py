"""What a fact that arrived late claims back."""
