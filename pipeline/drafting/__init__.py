"""A first configuration, drafted from what the data hold.

`found_data` looks, `decisions` decides, `draft_warnings` tells what to know, `draft_text` writes it down as a
commented YAML file. Each decision has a reason, which the terminal and the file
show. `interview` and `wish_questions` ask before that.
"""
