"""Adapters: archflow's search methods in other frameworks, a module each.

Each needs its framework, which is an extra, and is imported by its full name; nothing else of archflow imports it.

The framework keeps the trials, on its own disk and in its own form. An adapter keeps no state beside them: it brings a
`Searcher` to where they are (`archflow.search.adapters.follower`), asks it for the next architecture, and hands that
over as its native string.
"""
