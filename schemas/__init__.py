"""What all houses share: names, the configuration, and the shapes of what travels. It imports nothing else of ours.

Names come first: `features` (columns of the records), `served_model` (parts of
a served model), `artifact_files`, `errors`, `stack` (the two sets of
dependencies). Then the configuration: `sections` (the data, up to windows),
`training_config`, `gate_config`, `runner_config`; `config` reads them all from
YAML, with `config_errors` for its messages, and `reference` writes their page.
Then what follows from it: `frequency`, `window_spec`, `model_contract`. Last,
what gates write and others read: `checks`, `evaluation_result`,
`serving_result`; and `whole_files`, which writes files whole or not at all.
"""
