"""The Trainer: fits a linear baseline, starts a sequence-to-sequence network from it, and trains that by hand.

In come chunks of the train and the eval split, from Windows, and the fitted transform. Out go the served model
(`model`) and the record of its training (`model_run`: a line of JSON for each epoch, and TensorBoard's files). The
model keeps the weights of the epoch with the smallest free-running error on the eval split. An execution that was
killed leaves a checkpoint, and the next one carries on from it to the same weights, bit by bit.

Read from the outside to the inside:

1. `component.py`, `executor.py`: what TFX sees.
2. `training_run.py`, `loop.py`: the ridge baseline, then epochs around steps.
3. `dataset.py`: which windows come next.
4. `train_step.py`, `sampling.py`, `losses.py`, `optimizers.py`: one step, from the forecast to the update.
5. `validation.py`, `callbacks.py`: how good the model is; when to stop and when to slow down.
6. `checkpoint.py`, `distribution.py`, `diagnosis.py`: crashes, devices, numbers that overflow.
7. `training_records.py`: what a person sees, during training and after it.

`docs/training-loop.md` walks through the loop with code that runs.
"""
