"""Figures of the kit's paths, each beside the raw limit of the same run."""
