"""Which settings to use for which data: presets, recipes, shipped encoders, evaluation and the demo."""
