"""Figures and self-contained reports; of archflow it imports only the basic modules."""
