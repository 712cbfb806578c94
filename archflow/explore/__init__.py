"""A page to look at a table of architectures: a map, edits with their predictions, comparisons (`archflow explore`).

What the page shows is computed by plain functions, which know nothing of Dash; `page` lays it out, and `callbacks`
connects the two.
"""
