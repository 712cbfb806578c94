"""The study `travel`: one predictor and its rivals on many tables, from few labels."""
