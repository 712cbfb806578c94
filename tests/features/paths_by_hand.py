"""All paths of an architecture, one by one: what tests compare faster ways with."""

from archflow.graph import Architecture


def all_paths(architecture: Architecture) -> list[tuple[int, ...]]:
    """The nodes along every path from a node without predecessors to one without successors."""
    targets = {node: [b for a, b in architecture.edges if a == node] for node in range(len(architecture.ops))}
    reached = {b for _, b in architecture.edges}
    paths = [(node,) for node in targets if node not in reached]
    done = []
    while paths:
        path = paths.pop()
        done += [] if targets[path[-1]] else [path]
        paths += [(*path, node) for node in targets[path[-1]]]
    return done
