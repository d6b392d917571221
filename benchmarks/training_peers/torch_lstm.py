"""Contestant: PyTorch, an LSTM encoder with a teacher-forced LSTM or an autoregressive LSTMCell as decoder."""

import time
from typing import Any

import rounds
import torch


class Forecaster(torch.nn.Module):
    """The same architecture as the other contestants'."""

    def __init__(self, autoregressive: bool) -> None:
        super().__init__()
        self.autoregressive = autoregressive
        self.encoder = torch.nn.LSTM(rounds.FEATURES, rounds.UNITS, batch_first=True)
        if autoregressive:
            self.decoder = torch.nn.LSTMCell(rounds.DECODER_INPUTS, rounds.UNITS)
        else:
            self.decoder = torch.nn.LSTM(rounds.DECODER_INPUTS, rounds.UNITS, batch_first=True)
        self.head = torch.nn.Linear(rounds.UNITS, 1)

    def forward(self, context: Any, future: Any, previous: Any) -> Any:
        _, (hidden, cell) = self.encoder(context)
        if not self.autoregressive:
            outputs, _ = self.decoder(torch.cat([previous[..., None], future], dim=2), (hidden, cell))
            return self.head(outputs)[..., 0]
        hidden, cell = hidden[0], cell[0]
        value, forecasts = previous[:, :1], []
        for step in range(rounds.HORIZON):
            hidden, cell = self.decoder(torch.cat([value, future[:, step]], dim=1), (hidden, cell))
            value = self.head(hidden)
            forecasts.append(value)
        return torch.cat(forecasts, dim=1)


def with_optimizer(model: Any) -> tuple[Any, Any]:
    return model, torch.optim.Adam(model.parameters(), 1e-3)


torch.manual_seed(1)
models = {
    "teacher-forced": with_optimizer(Forecaster(autoregressive=False)),
    "autoregressive": with_optimizer(Forecaster(autoregressive=True)),
}
batches: dict[int, tuple[torch.Tensor, ...]] = {}


def train(variant: str, size: int, steps: int) -> float:
    if size not in batches:
        batches[size] = tuple(torch.from_numpy(values) for values in rounds.batch(size))
    *inputs, target = batches[size]
    model, optimizer = models[variant]
    started = 0.0
    for step in range(steps + 1):
        if step == 1:
            started = time.perf_counter()
        optimizer.zero_grad()
        loss = (model(*inputs) - target).abs().mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return size * steps / (time.perf_counter() - started)


parameters = sum(weights.numel() for weights in models["teacher-forced"][0].parameters())
rounds.serve(train, {"library": f"PyTorch {torch.__version__}", "parameters": parameters})
