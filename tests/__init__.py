"""All tests. A package, so that no `tests` of another distribution comes before it in processes that tests start."""
