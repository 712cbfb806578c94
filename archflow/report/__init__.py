"""Figures and self-contained reports; imports only the ground."""
