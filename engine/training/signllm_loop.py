"""The loop of SignLLM's trainings, by Lightning Fabric, whatever is learned. Needs torch.

What a step sees follows from the seed, the step's number and, where rewards choose, the rewards so far, which the
checkpoint has: a training that was cut off and resumed gives the same weights.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import lightning_fabric
import numpy as np
import torch
from lightning_fabric.loggers.tensorboard import TensorBoardLogger
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset

from .checkpoints import LATEST, CheckpointUnfit, read_checkpoint, write_checkpoint
from .config import BatchConfig, OptimiserConfig, RunConfig
from .generator_training import optimiser_of, rate_factor, seed_of
from .pacing import Pacing, paced
from .signllm_config import PoseLossConfig
from .signllm_rewards import Drawing

Report = Callable[[int, dict[str, float]], None]
_SPREAD: Final = 0.15
"""How far, by share of its length, a clip moves among those of like length from epoch to epoch."""


class Score(NamedTuple):
    """Of a batch of B samples. loss: the mean over all that counts. rewards: (B,), of each sample; higher is better."""

    loss: Tensor
    rewards: Tensor


class Task(Protocol):
    """What is learned. sizes: (samples, 2), positions of each sample's input and output."""

    sizes: NDArray[np.int64]

    @property
    def module(self) -> nn.Module:
        """Takes a step's number and the tensors of `batch`, gives a `Score`."""
        ...

    def batch(self, samples: Sequence[int], rng: np.random.Generator) -> tuple[Tensor, ...]:
        """The samples as tensors, changed as the random numbers say."""
        ...

    def validate(self, count: int) -> dict[str, float]:
        """Figures of at most so many clips held out; the module is in evaluation mode."""
        ...


@dataclass(frozen=True)
class LoopConfig:
    """How a task is trained. least_steps: where epochs give fewer."""

    optimiser: OptimiserConfig
    batch: BatchConfig
    run: RunConfig
    loss: PoseLossConfig = field(default_factory=PoseLossConfig)
    least_steps: int = 0


@dataclass(frozen=True)
class Place:
    """Where a training is. step: of the optimiser, also those without any learning. skipped: batches that were skipped.

    epoch: of the drawings, which may be several an epoch of the data. batch: the next of it.
    """

    step: int = 0
    skipped: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0


def launched(run: RunConfig) -> lightning_fabric.Fabric:
    """The processes of a training, running."""
    if run.threads:
        torch.set_num_threads(run.threads)
    fabric = lightning_fabric.Fabric(
        accelerator=run.accelerator,
        devices=run.devices,
        precision=run.precision,  # type: ignore[arg-type]
    )
    fabric.launch()
    return fabric


class Loop:
    """The training of a task in a folder, in which its checkpoint and its log are."""

    def __init__(self, fabric: lightning_fabric.Fabric, task: Task, config: LoopConfig, folder: Path) -> None:
        self._fabric, self._task, self._config, self._folder = fabric, task, config, folder
        self._module, self._optimiser = fabric.setup(task.module, optimiser_of(task.module, config.optimiser))
        self._drawing = Drawing(len(task.sizes), config.loss)
        self._order = np.arange(len(task.sizes))
        self._place = Place()
        per_epoch = len(self._batches(self._order, 0)) // self._together
        if not per_epoch:
            raise ValueError("There are too few clips for a step of that many batches.")
        self.steps = config.run.steps or max(config.run.epochs * per_epoch, config.least_steps)
        """Of the optimiser, in all."""
        self._rates = self._schedule()
        self._logger = TensorBoardLogger(folder, name="log", version="")

    @property
    def place(self) -> Place:
        """Where it is."""
        return self._place

    def resume(self) -> None:
        """Go on from the folder's last checkpoint. Raises `CheckpointUnfit`."""
        content = read_checkpoint(self._folder / LATEST)
        try:
            self._module.module.load_state_dict(content["weights"])
            self._drawing.restore(content["drawing"])
        except (KeyError, RuntimeError, ValueError) as e:
            raise CheckpointUnfit(f"The checkpoint doesn't fit the settings or the data: {e}") from e
        self._optimiser.load_state_dict(content["optimiser"])
        self._order = np.array(content["order"])
        self._place = Place(**content["place"])
        self._rates = self._schedule()

    def run(self, report: Report = lambda step, figures: None) -> bool:
        """Train to the end, or until the settings' minutes are over; there is a checkpoint then. Whether it is the end.

        report: gets the figures of the log.
        """
        before = self._place.seconds
        self._module.train()
        pacing = Pacing(
            self.steps,
            lambda: self._place.step,
            lambda seconds: self._spend(before + seconds),
            lambda: float(self._rates.get_last_lr()[0]),
            lambda figures, bar: self._log(figures, bar, report),
            self.validate,
            self._write,
        )
        paced(self._all_steps(), pacing, self._config.run, None)
        self._logger.finalize("success")
        return self._place.step >= self.steps

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Figures of clips held out."""
        self._module.eval()
        figures = self._task.validate(self._config.run.validate_samples)
        self._module.train()
        return {f"held_out/{key}": value for key, value in figures.items()}

    @property
    def _together(self) -> int:
        """Batches of a step on all devices."""
        return self._config.batch.accumulate * self._fabric.world_size

    def _schedule(self) -> LambdaLR:
        factor = functools.partial(rate_factor, steps=self.steps, config=self._config.optimiser)
        return LambdaLR(self._optimiser, factor, last_epoch=self._place.step - 1)

    def _batches(self, order: NDArray[np.int64], epoch: int) -> list[NDArray[np.int64]]:
        """An epoch's samples as batches of like length, in the epoch's own order."""
        rng = np.random.default_rng((self._config.run.seed, epoch, 1))
        size = self._task.sizes[order].sum(axis=1) * (1.0 + _SPREAD * rng.random(len(order)))
        groups = list(grouped(order[np.argsort(size, kind="stable")], self._task.sizes, self._config.batch))
        return [groups[i] for i in rng.permutation(len(groups))]

    def _all_steps(self) -> Iterator[dict[str, float]]:
        """Do one step after the other, the place brought up to date before each is handed out."""
        while self._place.step < self.steps:
            epoch = self._place.epoch
            if not self._place.batch:
                self._order = self._drawing.order(np.random.default_rng((self._config.run.seed, epoch)))
            batches = self._batches(self._order, epoch)
            whole = len(batches) // self._together * self._together
            if not whole:
                raise ValueError(
                    "There are too few clips for a step of that many batches, or too many rounds an epoch."
                )
            loader = iter(self._loader(batches[:whole], self._place.batch))
            for first in range(self._place.batch, whole, self._together):
                torch.manual_seed(seed_of(self._config.run.seed, self._place.step, self._fabric.global_rank))
                figures = self._step([next(loader) for _ in range(self._config.batch.accumulate)])
                after = first + self._together
                place = replace(self._place, step=self._place.step + 1, batch=after)
                place = replace(place, skipped=place.skipped + round(figures["skipped"] * self._together))
                self._place = place if after < whole else replace(place, epoch=epoch + 1, batch=0)
                yield figures
                if self._place.step >= self.steps:
                    return

    def _loader(self, batches: Sequence[NDArray[np.int64]], first: int) -> DataLoader[Any]:
        """This process's batches from the one numbered `first` on, made beside the training where there are workers."""
        made = _Made(self._task, batches, (self._config.run.seed, self._place.epoch))
        own = range(first + self._fabric.global_rank, len(batches), self._fabric.world_size)
        workers = self._config.run.workers
        return DataLoader(made, batch_size=None, sampler=own, num_workers=workers, collate_fn=lambda x: x)  # type: ignore[arg-type]

    def _step(self, batches: Sequence[tuple[NDArray[np.int64], tuple[Tensor, ...]]]) -> dict[str, float]:
        """Look at the batches of a step and learn from those that aren't skipped."""
        began, loss, reward, learned = time.monotonic(), 0.0, 0.0, 0
        for number, (samples, tensors) in enumerate(batches):
            # where batches may be skipped, the last one may be, so that each is synchronised
            later = number < len(batches) - 1 and self._config.loss.kind != "rl_plc"
            with self._fabric.no_backward_sync(self._module, enabled=later):
                given = [tensor.to(self._fabric.device, non_blocking=True) for tensor in tensors]
                score = self._module(self._place.step, *given)
                mean = self._rewarded(samples, score.rewards.detach())
                if not self._drawing.skips(mean):
                    wanted = score.loss if self._config.loss.kind == "mse" else -score.rewards.mean()
                    self._fabric.backward(wanted / len(batches))
                    learned += 1
            loss, reward = loss + float(score.loss.detach()), reward + mean
        if learned:
            if self._config.optimiser.clip:
                self._fabric.clip_gradients(self._module, self._optimiser, max_norm=self._config.optimiser.clip)
            self._optimiser.step()
            self._optimiser.zero_grad()
        self._rates.step()
        count = len(batches)
        figures = {"loss": loss / count, "reward": reward / count, "skipped": 1.0 - learned / count}
        return figures | {"seconds_a_step": time.monotonic() - began}

    def _rewarded(self, samples: NDArray[np.int64], rewards: Tensor) -> float:
        """Note the rewards that samples got, on every device those of all; their mean."""
        own = torch.stack([torch.from_numpy(samples).to(rewards.device, torch.float64), rewards.double()], dim=1)
        if self._fabric.world_size > 1:
            longest = self._fabric.all_reduce(torch.tensor(len(own), device=own.device), reduce_op="max")
            padded = own.new_full((int(longest), 2), torch.nan)  # type: ignore[arg-type]
            padded[: len(own)] = own
            every = torch.as_tensor(self._fabric.all_gather(padded)).reshape(-1, 2)
            own = every[~every[:, 0].isnan()]
        found = own.cpu().numpy()
        self._drawing.reward(found[:, 0].astype(np.int64), found[:, 1])
        return float(found[:, 1].mean())

    def _spend(self, seconds: float) -> None:
        self._place = replace(self._place, seconds=seconds)

    def _log(self, figures: dict[str, float], bar: Any, report: Report) -> None:
        if self._fabric.is_global_zero:
            self._logger.log_metrics(figures, self._place.step)
            bar.write(f"step {self._place.step}  " + "  ".join(f"{k} {v:.4g}" for k, v in figures.items()))
            report(self._place.step, figures)

    def _write(self) -> None:
        if self._fabric.is_global_zero:
            content = {
                "place": asdict(self._place),
                "order": self._order.tolist(),
                "drawing": self._drawing.state(),
                "weights": self._module.module.state_dict(),
                "optimiser": self._optimiser.state_dict(),
            }
            write_checkpoint(self._folder / LATEST, content)
        self._fabric.barrier()


class _Made(Dataset[Any]):
    """An epoch's batches, each made when it is asked for: its samples and its tensors."""

    def __init__(self, task: Task, batches: Sequence[NDArray[np.int64]], seeds: tuple[int, int]) -> None:
        self._task, self._batches, self._seeds = task, batches, seeds

    def __getitem__(self, number: int) -> tuple[NDArray[np.int64], tuple[Tensor, ...]]:
        samples = self._batches[number]
        return samples, self._task.batch(samples.tolist(), np.random.default_rng((*self._seeds, 2, number)))


def grouped(order: NDArray[np.int64], sizes: NDArray[np.int64], config: BatchConfig) -> Iterator[NDArray[np.int64]]:
    """Samples in that order as batches that the settings allow, padding included. sizes: (samples, 2)."""
    first, longest = 0, np.zeros(2, np.int64)
    for number, sample in enumerate(order):
        grown = np.maximum(longest, sizes[sample])
        count = number - first + 1
        if number > first and (count > config.samples or (config.tokens and count * grown.sum() > config.tokens)):
            yield order[first:number]
            first, grown = number, sizes[sample]
        longest = grown
    yield order[first:]
