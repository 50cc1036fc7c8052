"""What is asked: the board of an area, the catalogue, figures, proofs."""
