"""Reproduction: rebuild what a model or table was made from, or say exactly what is missing."""
