"""Finished visits are judged, held again by what is learnt later, and appealed about."""
