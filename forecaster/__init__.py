"""The forecaster as a library: the network, and the model that is served of it.

`network/` holds the layers: windows in scaled space go in, scaled forecasts come out. `serving/` wraps a trained
network into one SavedModel: raw values and timestamps go in, forecasts in the target's own unit come out. The files
beside them are for whoever meets that SavedModel later. `inference/` asks one for forecasts of rows. The Trainer
makes such models; the Evaluator, the serving gate, the Pusher, the report and the clients use them.

Read `network/` first, then `statistical/` (forecasts that few rows are enough for), then `serving/`, then `versions.py`
and `pushed_model.py` (where pushed versions lie and how they are found), `request_examples.py` (requests as bytes) and
`refusal_message.py` (errors for people).
"""
