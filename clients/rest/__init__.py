"""`tapeline serve`: a folder of versions in, TensorFlow Serving's REST protocol out.

Read `addresses` (which folder, name and port), `credentials` (key and
certificate), `server` (its life), `draining` (its end), `app` (its routes).
`model_versions` follows the folder and `loaded_version` is one model of it.
`bodies` takes in what is sent, within bounds; `predict_requests` (by way of
`strict_json`) and `predict_responses` go between JSON and arrays;
`request_errors` are what is refused; `metadata` tells what the model takes and
gives. `middleware` and `request_metrics` see every request.
"""
