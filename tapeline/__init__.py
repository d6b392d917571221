"""Tapeline: from a CSV of time series to a validated, gated, servable forecaster.

The rooms of this package are links to the folders of the same names at the top of the repository. So the sources
keep their place there, and what is imported and installed is one package.
"""
