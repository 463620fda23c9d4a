"""Data to train on, and vocabularies."""
