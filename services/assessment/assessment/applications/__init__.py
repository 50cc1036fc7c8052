"""Applications for an assessment, and who assesses."""
