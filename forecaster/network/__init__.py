"""The network that forecasts: an LSTM over the context, an LSTM over the horizon, and a line under both.

In come windows in scaled space, features of `docs/data-formats.md`; out go forecasts `[B, H]` in the same space.
Everything here is written from plain TensorFlow operations and knows neither files nor a training loop, so that
training, evaluation and serving run the same code.

Read in this order:

1. `seq2seq.py`: the whole forecaster, which the rest is made for.
2. `inputs.py`, `views.py`, `category_inputs.py`: what encoder and decoder see of a window.
3. `segments.py`, `decoding.py`: several steps at a time, and the decoder that feeds itself.
4. `recurrent.py`, `layers.py`, `draws.py`: what they are made of; random numbers that stay the same in a split batch.
5. `highway.py`: the line. `ridge.py`, `ridge_fit.py`, `ridge_statistics.py`, `ridge_sums.py`: its closed-form solution
   that training starts from, of all windows and without a block of them.
6. `naive.py`, `ensemble.py`: naive forecasts as layers; the average that is served.
"""
