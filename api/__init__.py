"""Tapeline in Python: what `import tapeline` offers, for notebooks and programs.

`functions` holds `load`, `run` and `init`; `loaded` and `finished` what they return; `frames` takes data frames in,
`notebook` writes HTML. The command line does the same with the same functions of `pipeline/`. Nothing is imported
before it is used.
"""
