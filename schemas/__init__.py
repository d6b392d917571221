"""What all houses share: names, the configuration, and the shapes of what travels. It imports nothing else of ours.

Names come first: `features` (columns of the records), `served_model` (parts of
a served model), `artifact_files`, `errors`, `stack` (the two sets of
dependencies). Then the configuration: `sections` (the data, up to windows),
`features_config`, `training_config`, `gate_config`, `runner_config`, of
`config_values`; `config` puts them together, `yaml_text` reads the text,
`config_errors` writes the messages, and `reference` the page.
Then what follows from it: `frequency`, `window_spec`, `model_contract`. Last,
what gates write and others read: `checks`, in English by `check_wording`,
`evaluation_result`, `serving_result`; and `whole_files`, which writes files
whole or not at all.
"""
