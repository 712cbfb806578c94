"""Presentation of result files: tables, reports, the results page."""
