"""Who uses a pushed model: one room for each way to ask it.

`batch` forecasts a file of any size, `rest` is an HTTP server, and `platforms`
converts a model for other runtimes. What a client must know of a model stands
in its card, which `tapeline.forecaster.pushed_model` reads. A table of recent
rows is forecast by `tapeline.forecaster.inference`, which the report uses too.
"""
