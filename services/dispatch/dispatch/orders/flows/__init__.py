"""What is done with an order: one file per part of its life."""
