"""Result files for readers: tables, reports, the results page."""
