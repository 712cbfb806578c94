"""What to use for which data: presets, the recipe, encoders as they ship, the demo."""
