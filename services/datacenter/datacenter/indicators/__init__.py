"""The catalogue of figures, and the numbers of norms that they depend on."""
