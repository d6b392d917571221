"""Contestant: the same network in PyTorch; windows come scaled and ready-made."""

from typing import Any

import calls
import torch


class Forecaster(torch.nn.Module):
    """An LSTM encoder, an autoregressive LSTMCell, a linear map under both."""

    def __init__(self, horizon: int) -> None:
        super().__init__()
        self.horizon = horizon
        self.encoder = torch.nn.LSTM(calls.ENCODER_INPUTS, calls.UNITS, batch_first=True)
        self.decoder = torch.nn.LSTMCell(calls.DECODER_INPUTS, calls.UNITS)
        self.head = torch.nn.Linear(calls.UNITS, 1)
        self.highway = torch.nn.Linear(calls.LINEAR_INPUTS, horizon)

    def forward(self, context: torch.Tensor, ahead: torch.Tensor, linear: torch.Tensor) -> torch.Tensor:
        line = self.highway(linear)
        _, (hidden, cell) = self.encoder(context)
        hidden, cell = hidden[0], cell[0]
        value = context[:, -1, :1]
        values = []
        for step in range(self.horizon):
            known = line[:, step : step + 1]
            hidden, cell = self.decoder(torch.cat([value, ahead[:, step], known], dim=1), (hidden, cell))
            value = known + self.head(hidden)
            values.append(value)
        return torch.cat(values, dim=1)


torch.manual_seed(1)
model = Forecaster(calls.HORIZON).eval()
scripted = torch.jit.freeze(torch.jit.script(model))


def prepare(variant: Any, batch: Any) -> Any:
    window = [torch.from_numpy(values) for values in calls.windows(batch)]
    network = scripted if variant == "scripted" else model

    def call() -> Any:
        with torch.inference_mode():
            return network(*window).numpy()

    return call


calls.serve(prepare, {"library": f"PyTorch {torch.__version__}"})
