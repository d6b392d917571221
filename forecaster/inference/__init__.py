"""Asks a served model: a table of recent rows in; a table of forecasts, and a picture, out.

Read in the order of the data: `recent_rows` reads the source and keeps the
newest rows of each series (`tails`), `context_checks` says what is wrong with
them, `contexts` makes what a model is asked, `loaded_model` asks it,
`next_steps` does all of that for the steps after the end of the data, `table`
and `picture` show the answer.
"""
