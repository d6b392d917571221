"""The Trainer: fits linear baselines, trains a pool of networks that start from them, and picks who is served.

In come chunks of the train and the eval split, from Transform, and the fitted graph. Out go the served model
(`model`) and the record of its training (`model_run`: a line of JSON for each epoch, and TensorBoard's files). A
network keeps the weights of its epoch with the smallest free-running error on the eval split. An execution that was
killed leaves checkpoints, and the next one carries on from them to the same weights, bit by bit.

Read from the outside to the inside:

1. `component.py`, `executor.py`: what TFX sees.
2. `training_run.py`: the order of it all. `ridges.py` fits the lines; `log_choice.py` decides on logarithms.
3. `candidates.py`, `candidate_views.py`, `pool.py`, `halving.py`: networks side by side, and who trains to the end.
4. `statistical_member.py`, `members.py`, `selection.py`: what can be picked, and what is.
5. `loop.py`, `epoch.py`, `dataset.py`: one network; epochs around steps, and which windows come next.
6. `train_step.py`, `sampling.py`, `losses.py`, `optimizers.py`, `learning_rates.py`: one step, from the forecast to the
   update.
7. `validation.py`, `callbacks.py`: how good a network is; when to stop and when to slow down. `importance.py`: what
   the trained model leans on.
8. `checkpoint.py`, `distribution.py`, `diagnosis.py`: crashes, devices, numbers that overflow.
9. `training_records.py`, `trained_card.py`: what a person sees, during training and after it.

`docs/training-loop.md` walks through the loop with code that runs.
"""
