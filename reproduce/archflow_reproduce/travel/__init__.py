"""The study `travel`: one predictor and its competitors on many tables, from few labels."""
