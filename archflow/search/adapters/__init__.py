"""Adapters: archflow's search methods in other frameworks, one module per framework.

Each adapter needs its framework, which is an extra, and is imported by its full name; no other part of archflow imports
it.

The framework stores the trials, on its own disk and in its own format. An adapter keeps no state of its own: it brings
a `Searcher` up to date with the framework's trials (`archflow.search.adapters.follower`), asks it for the next
architecture, and passes that on as a native string.
"""
