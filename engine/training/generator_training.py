"""Training of the generator on a tokenised corpus, by Lightning Fabric. Needs torch.

What a step sees depends on the seed and the number of the step only, so that a training that was cut off and went on
gives the weights that it would have given in one go.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import lightning_fabric
import numpy as np
import torch
from lightning_fabric.loggers import TensorBoardLogger
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader

from ..soke.transformer import Transformer
from ..soke.vocabulary import Vocabulary
from .checkpoints import LATEST, CheckpointUnfit, read_checkpoint, write_checkpoint
from .config import GeneratorConfig, OptimiserConfig
from .generator_data import Batches, Draw, Retrieval, Samples
from .generator_model import CodeBooks, GeneratorLoss, build_model, tensors
from .pacing import Pacing, paced

Report = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True)
class TrainingData:
    """What a generator learns from, and is watched on."""

    train: Samples
    held_out: Samples
    vocabulary: Vocabulary
    codebooks: CodeBooks | None = None


@dataclass(frozen=True)
class Trained:
    """model: with the weights of the last step. steps: of the optimiser so far. finished: all that were asked for."""

    model: Transformer
    steps: int
    seconds: float
    finished: bool


@dataclass(frozen=True)
class Place:
    """Where a training is: steps of the optimiser done, and the next batch of the epoch."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0


class GeneratorTraining:
    """A training in a folder, in which its checkpoints and its log are."""

    def __init__(self, data: TrainingData, config: GeneratorConfig, folder: Path) -> None:
        run = config.run
        self._data, self._config, self._folder = data, config, folder
        if run.threads:
            torch.set_num_threads(run.threads)
        logger = TensorBoardLogger(folder, name="log", version="")
        self._fabric = lightning_fabric.Fabric(
            accelerator=run.accelerator,
            devices=run.devices,
            precision=run.precision,
            loggers=logger,  # type: ignore[arg-type]
        )
        self._fabric.launch()
        torch.manual_seed(run.seed)
        model = build_model(config.model, data.vocabulary, data.codebooks)
        loss = GeneratorLoss(model, data.vocabulary, config.model.fusion, config.loss, data.codebooks)
        self._loss, self._optimiser = self._fabric.setup(loss, optimiser_of(loss, config.optimiser))
        self._place = Place()
        self._steps = run.steps or run.epochs * self._steps_of(self._batches(0))
        self._rates = self._schedule()

    @property
    def model(self) -> Transformer:
        """The model in training."""
        return self._loss.module.model

    def resume(self) -> None:
        """Go on from the folder's last checkpoint. Raises `CheckpointUnfit`."""
        content = read_checkpoint(self._folder / LATEST)
        if content["config"]["model"] != asdict(self._config.model):
            raise CheckpointUnfit("The checkpoint is of a model of other sizes than the settings say.")
        self._loss.module.load_state_dict(content["weights"])
        self._optimiser.load_state_dict(content["optimiser"])
        self._place = Place(**content["place"])
        self._rates = self._schedule()

    def run(self, report: Report = lambda step, figures: None) -> Trained:
        """Train to the end, or until the settings' minutes are over; a checkpoint is there then.

        report: gets the figures of the log, and those of the clips held out.
        """
        before = self._place.seconds
        pacing = Pacing(
            self._steps,
            lambda: self._place.step,
            lambda seconds: self._spend(before + seconds),
            lambda: float(self._rates.get_last_lr()[0]),
            lambda figures, bar: self._log(figures, bar, report),
            self.validate,
            self._write,
        )
        paced(self._optimiser_steps(), pacing, self._config.run, self._fabric.is_global_zero)
        return Trained(self.model, self._place.step, self._place.seconds, self._place.step >= self._steps)

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Loss and share of right tokens on the clips held out, with all, with three and without retrieved signs; and
        of the reverse task where it is trained."""
        self._loss.eval()
        kinds: list[tuple[str, Retrieval, bool]] = [(x, x, False) for x in ("all", "first", "none")]
        if self._config.augment.sign_to_text:
            kinds.append(("text", "none", True))
        figures: dict[str, float] = {}
        for name, retrieval, reverse in kinds:
            draws = self._data.held_out.plain(retrieval, reverse=reverse)[: self._config.run.validate_samples]
            figures |= {f"held_out/{name}_{key}": value for key, value in self._held_out(draws).items()}
        self._loss.train()
        return figures

    def _held_out(self, draws: list[Draw]) -> dict[str, float]:
        batches = Batches(self._data.held_out, draws, self._config.batch, np.random.default_rng(0))
        totals, loss = torch.zeros(2), 0.0
        for batch in batches:
            score = self._loss(*tensors(batch, self._fabric.device))
            totals += torch.stack([score.right.sum(), score.counts.sum()]).cpu()
            loss += float(score.loss)
        return {"loss": loss / max(len(batches), 1), "right": float(totals[0] / totals[1].clamp(min=1))}

    def _schedule(self) -> LambdaLR:
        """The learning rates from the step on that the place is at."""
        factor = functools.partial(rate_factor, steps=self._steps, config=self._config.optimiser)
        return LambdaLR(self._optimiser, factor, last_epoch=self._place.step - 1)

    def _batches(self, epoch: int) -> Batches:
        config, seed = self._config, self._config.run.seed
        draws = self._data.train.drawn(config.augment, seed, epoch)
        warm = config.shortest_first * config.batch.accumulate if epoch == 0 else 0
        return Batches(self._data.train, draws, config.batch, np.random.default_rng((seed, epoch, 1)), warm)

    def _steps_of(self, batches: Batches) -> int:
        """Steps of the optimiser in an epoch; batches that don't fill a step on every device are left out."""
        return len(batches) // (self._config.batch.accumulate * self._fabric.world_size)

    def _optimiser_steps(self) -> Iterator[dict[str, float]]:
        """Do one step after the other, the place brought up to date before each is handed out."""
        together = self._config.batch.accumulate
        while self._place.step < self._steps:
            batches = self._batches(self._place.epoch)
            steps = self._steps_of(batches)
            if not steps:
                raise ValueError("The corpus has too few clips for a step of that many batches.")
            loader = iter(self._loader(batches, self._place.batch, steps * together))
            while self._place.batch < steps * together and self._place.step < self._steps:
                torch.manual_seed(seed_of(self._config.run.seed, self._place.step, self._fabric.global_rank))
                figures = self._step([next(loader) for _ in range(together)])
                self._place = replace(self._place, step=self._place.step + 1, batch=self._place.batch + together)
                if self._place.batch == steps * together:
                    self._place = replace(self._place, epoch=self._place.epoch + 1, batch=0)
                    yield figures
                    break
                yield figures

    def _loader(self, batches: Batches, first: int, end: int) -> DataLoader[Any]:
        """Batches of this process from `first` to `end`, made beside the training where there are workers."""
        world, rank = self._fabric.world_size, self._fabric.global_rank
        order = range(first * world + rank, end * world, world)
        workers = self._config.run.workers
        return DataLoader(batches, batch_size=None, sampler=order, num_workers=workers, collate_fn=lambda batch: batch)  # type: ignore[arg-type]

    def _step(self, batches: list[Any]) -> dict[str, float]:
        loss, right, counts = 0.0, 0, 0
        began = time.monotonic()
        for number, batch in enumerate(batches):
            with self._fabric.no_backward_sync(self._loss, enabled=number < len(batches) - 1):
                score = self._loss(*tensors(batch, self._fabric.device))
                self._fabric.backward(score.loss / len(batches))
            if batch.head == "parts":
                loss += float(score.loss.detach())
                right, counts = right + int(score.right.sum()), counts + int(score.counts.sum())
        if self._config.optimiser.clip:
            self._fabric.clip_gradients(self._loss, self._optimiser, max_norm=self._config.optimiser.clip)
        self._optimiser.step()
        self._optimiser.zero_grad()
        self._rates.step()
        took = time.monotonic() - began
        figures = {"seconds_a_step": took}
        if counts:
            figures |= {"loss": loss / sum(b.head == "parts" for b in batches), "right": right / counts}
        return figures

    def _spend(self, seconds: float) -> None:
        self._place = replace(self._place, seconds=seconds)

    def _log(self, figures: dict[str, float], bar: Any, report: Report) -> None:
        self._fabric.log_dict(figures, self._place.step)
        if self._fabric.is_global_zero:
            bar.write(f"step {self._place.step}  " + "  ".join(f"{k} {v:.4g}" for k, v in figures.items()))
            report(self._place.step, figures)

    def _write(self) -> None:
        if self._fabric.is_global_zero:
            content = {
                "config": asdict(self._config),
                "place": asdict(self._place),
                "weights": self._loss.module.state_dict(),
                "optimiser": self._optimiser.state_dict(),
            }
            write_checkpoint(self._folder / LATEST, content)
        self._fabric.barrier()


def rate_factor(step: int, steps: int, config: OptimiserConfig) -> float:
    """What the learning rate is multiplied by: a linear warm-up, a flat stretch, half a cosine to the final rate."""
    if step < config.warmup_steps:
        return (step + 1) / config.warmup_steps
    decay = config.decay_steps if config.decay_steps is not None else steps - config.warmup_steps
    done = min(max(step - (steps - decay), 0) / max(decay, 1), 1.0)
    final = config.final_rate / config.rate
    return final + (1 - final) * (1 + math.cos(math.pi * done)) / 2


def seed_of(*numbers: int) -> int:
    """One seed of several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def optimiser_of(module: torch.nn.Module, config: OptimiserConfig) -> torch.optim.Optimizer:
    """AdamW; norms, biases and tables of embeddings aren't decayed."""
    decayed, plain = [], []
    for name, value in module.named_parameters():
        (plain if value.ndim < 2 or "embedding" in name or "positions" in name else decayed).append(value)
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.rate, betas=config.betas)
