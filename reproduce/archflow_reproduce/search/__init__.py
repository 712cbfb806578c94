"""The study `search`: every search method on many tables, from many seeds."""
