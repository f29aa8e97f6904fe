"""Training of the tokenizer: the published recipe, on any device, in a folder to resume it from. Needs torch.

Source: Zuo et al., "Signs as Tokens", ICCV 2025. What each step sees follows from the seed and its number alone: a
training that was cut off and resumed ends with the same weights.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import lightning_fabric
import numpy as np
import torch
from lightning_fabric.loggers.tensorboard import TensorBoardLogger
from safetensors.torch import save_file
from torch.optim.lr_scheduler import LambdaLR

from ..tokenizer.features import PARTS, Layout
from ..tokenizer.vqvae import VqVae, named_tensors
from .cache import Clip, ClipCache
from .checkpoints import LATEST, CheckpointUnfit, read_checkpoint, write_checkpoint
from .generator_training import rate_factor
from .pacing import Pacing, paced
from .quantising import perplexity
from .statistics import Statistics
from .tokenizer_config import TokenizerConfig
from .tokenizer_data import WindowBatch, Windows, whole_clips
from .tokenizer_model import TokenizerTrainingModel, Uses

MODEL: Final = "model.json"
WEIGHTS: Final = "tokenizer.safetensors"
STATISTICS: Final = "statistics.npz"
_VALIDATION_BATCH: Final = 8

Report = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True)
class Place:
    """How far the training has come."""

    step: int = 0
    seconds: float = 0.0


class TokenizerTraining:
    """A training in a folder, in which its checkpoints, its log and in the end the tokenizer are."""

    def __init__(self, cache: ClipCache, config: TokenizerConfig, folder: Path) -> None:
        run = config.run
        if run.threads:
            torch.set_num_threads(run.threads)
        self._cache, self._config, self._folder = cache, config, folder
        self._fabric = lightning_fabric.Fabric(
            accelerator=run.accelerator,
            devices=run.devices,
            precision=run.precision,  # type: ignore[arg-type]
            loggers=TensorBoardLogger(folder, name="log", version=""),  # type: ignore[arg-type]
        )
        self._fabric.launch()
        torch.manual_seed(run.seed)
        self.statistics = cache.statistics.floored(config.least_spread)
        self._windows = Windows(cache, cache.of("train"), self.statistics, config.windows, run.seed)
        model = TokenizerTrainingModel(cache.layout, config, self.statistics)
        optimiser = torch.optim.AdamW(
            model.parameters(),
            lr=config.optimiser.rate,
            betas=config.optimiser.betas,
            weight_decay=config.optimiser.weight_decay,
        )
        self._model, self._optimiser = self._fabric.setup(model, optimiser)
        self._per_epoch = len(self._windows.epoch(0)) // (config.windows.batch * self._fabric.world_size)
        if not self._per_epoch:
            raise ValueError(f"The corpus has fewer windows than the {config.windows.batch} of a step on each device.")
        self._steps = run.steps or run.epochs * self._per_epoch
        self._rates = LambdaLR(self._optimiser, lambda step: rate_factor(step, self._steps, config.optimiser))
        self._place = Place()

    @property
    def model(self) -> TokenizerTrainingModel:
        """The model in training."""
        return self._model.module

    @property
    def step(self) -> int:
        """Steps done."""
        return self._place.step

    def begin_with(self, folder: Path) -> None:
        """Start from the weights that another training has come to. Raises `CheckpointUnfit`."""
        self._load_weights(folder)

    def resume(self) -> None:
        """Go on from the folder's last checkpoint. Raises `CheckpointUnfit`."""
        content = self._load_weights(self._folder)
        self._optimiser.load_state_dict(content["optimiser"])
        self._place = Place(**content["place"])
        self._rates.load_state_dict(content["rates"])

    def _load_weights(self, folder: Path) -> dict[str, Any]:
        """Take over the weights of a folder's checkpoint, and return all that it holds."""
        content = read_checkpoint(folder / LATEST)
        if (
            content["config"]["parts"] != asdict(self._config.parts)
            or content["layout"] != self._cache.layout.to_json()
        ):
            raise CheckpointUnfit("The checkpoint is of a tokenizer of other sizes than the settings say.")
        self.model.load_state_dict(content["weights"])
        return content

    def run(self, report: Report = lambda step, figures: None) -> bool:
        """Train to the end and write the tokenizer, or until the settings' minutes are over.

        report: gets the figures of the log, and those of the clips held out. Returns whether it came to the end.
        """
        if self._config.quantizer.frozen and not bool(self.model.part(PARTS[0]).book.ready):
            raise ValueError("With quantizer.frozen a training needs a tokenizer whose codes it keeps: --begin-with.")
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
        paced(self._all_steps(), pacing, self._config.run, self._fabric.is_global_zero)
        finished = self._place.step >= self._steps
        if finished and self._fabric.is_global_zero:
            self.write_tokenizer(self._folder)
        return finished

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Distances in millimetres and the use of the code books on whole clips that are held out."""
        clips = self._held_out()
        self._model.eval()
        used = {part: torch.zeros(len(self.model.part(part).book.codebook)) for part in PARTS}
        apart: dict[str, list[np.ndarray]] = {part: [] for part in PARTS}
        for _, batch in whole_clips(self._cache, clips, self.statistics, _VALIDATION_BATCH):
            features, lengths = self._tensors(batch)
            for part in PARTS:
                module = self.model.part(part)
                x = features[..., list(self._cache.layout.columns[part])]
                codes = module.vae.encode(x, lengths)
                decoded = module.vae.decode(codes, lengths // 4)
                there = torch.arange(x.shape[1], device=lengths.device)[None] < lengths[:, None]
                apart[part].append(module.distances(decoded[there], x[there]).cpu().numpy())
                used[part] += torch.bincount(codes[there[:, ::4]].cpu(), minlength=len(used[part]))
        self._model.train()
        return _summarised(self._cache, apart) | {f"held_out/{p}_perplexity": perplexity(n) for p, n in used.items()}

    def write_tokenizer(self, folder: Path) -> None:
        """Write the weights, what the features are and their statistics, as a bundle takes them over."""
        cache = self._cache
        write_tokenizer(folder, self.model.tokenizer, cache.layout, cache.clips[0].fps, self.statistics)

    def _held_out(self) -> list[Clip]:
        clips = self._cache.of("val") or self._cache.of("train")
        return clips[: self._config.run.validate_samples]

    def _all_steps(self) -> Iterator[dict[str, float]]:
        """Do the steps from the place on; the figures of each."""
        for batch in self._batches():
            figures = self._step(batch)
            self._place = replace(self._place, step=self._place.step + 1)
            yield figures

    def _spend(self, seconds: float) -> None:
        self._place = replace(self._place, seconds=seconds)

    def _batches(self) -> Iterator[WindowBatch]:
        """Batches of this process from the place on, without end before the last step."""
        size, world, rank = self._config.windows.batch, self._fabric.world_size, self._fabric.global_rank
        while self._place.step < self._steps:
            epoch, first = divmod(self._place.step, self._per_epoch)
            windows = self._windows.epoch(epoch)
            for number in range(first, self._per_epoch):
                if self._place.step == self._steps:
                    return
                at = (number * world + rank) * size
                yield self._windows.batch(windows[at : at + size])

    def _step(self, batch: WindowBatch) -> dict[str, float]:
        began = time.monotonic()
        features, lengths = self._tensors(batch)
        quantised = self._place.step >= self._config.quantizer.start_step
        if quantised and not bool(self.model.part(PARTS[0]).book.ready):
            self._start_codebooks()
        loss, figures, uses = self._model(features, lengths, quantised)
        self._fabric.backward(loss)
        if self._config.optimiser.clip:
            self._fabric.clip_gradients(self._model, self._optimiser, max_norm=self._config.optimiser.clip)
        self._optimiser.step()
        self._optimiser.zero_grad()
        self._rates.step()
        result = {key: float(value) for key, value in figures.items()} | {"loss": float(loss.detach())}
        result |= self._update_codebooks(uses)
        return result | {"seconds_a_step": time.monotonic() - began}

    @torch.no_grad()
    def _start_codebooks(self) -> None:
        """Begin all code books with samples of the next batches."""
        samples: dict[str, list[torch.Tensor]] = {part: [] for part in PARTS}
        for batch in islice(self._batches(), self._config.quantizer.start_batches):
            features, lengths = self._tensors(batch)
            for part in PARTS:
                samples[part].append(self.model.part(part).encoded(features, lengths).float())
        for part in PARTS:
            together = self._fabric.broadcast(torch.cat(samples[part]))
            self.model.part(part).book.start(together, self._random(part))

    def _update_codebooks(self, uses: Mapping[str, Uses]) -> dict[str, float]:
        figures = {}
        for part, (samples, counts, sums) in uses.items():
            if self._fabric.world_size > 1:
                samples = self._fabric.broadcast(samples)
                counts, sums = self._summed(counts), self._summed(sums)
            fresh = self.model.part(part).book.update(samples, counts, sums, self._random(part))
            figures |= {f"{part}/perplexity": perplexity(counts), f"{part}/reset": float(fresh)}
        return figures

    def _summed(self, values: torch.Tensor) -> torch.Tensor:
        """The sum over all processes."""
        summed = self._fabric.all_reduce(values, reduce_op="sum")
        assert isinstance(summed, torch.Tensor)
        return summed

    def _random(self, part: str) -> torch.Generator:
        """Random numbers that follow from the step, so that resuming needs no state of theirs."""
        seed = np.random.SeedSequence((self._config.run.seed, self._place.step, PARTS.index(part)))
        return torch.Generator().manual_seed(int(seed.generate_state(1)[0]))

    def _tensors(self, batch: WindowBatch) -> tuple[torch.Tensor, torch.Tensor]:
        device = self._fabric.device
        return torch.from_numpy(batch.features).to(device), torch.from_numpy(batch.lengths).to(device)

    def _log(self, figures: dict[str, float], bar: Any, report: Report) -> None:
        self._fabric.log_dict(figures, self._place.step)
        if self._fabric.is_global_zero:
            bar.write(f"step {self._place.step}  " + "  ".join(f"{k} {v:.4g}" for k, v in figures.items()))
            report(self._place.step, figures)

    def _write(self) -> None:
        if self._fabric.is_global_zero:
            content = {
                "config": asdict(self._config),
                "layout": self._cache.layout.to_json(),
                "place": asdict(self._place),
                "weights": self.model.state_dict(),
                "optimiser": self._optimiser.state_dict(),
                "rates": self._rates.state_dict(),
            }
            write_checkpoint(self._folder / LATEST, content)
        self._fabric.barrier()


def write_tokenizer(
    folder: Path, parts: Mapping[str, VqVae], layout: Layout, fps: float, statistics: Statistics
) -> None:
    """Write `tokenizer.safetensors`, `model.json` and `statistics.npz`."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(named_tensors(parts), folder / WEIGHTS)
    about = {
        "features": layout.to_json(),
        "fps": fps,
        "tokenizer": {part: asdict(vae.config) for part, vae in parts.items()},
    }
    (folder / MODEL).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    statistics.save(folder / STATISTICS)


def _summarised(cache: ClipCache, apart: Mapping[str, list[np.ndarray]]) -> dict[str, float]:
    """Mean distances in millimetres: wrists, relative to the pelvis; fingers with their tips, relative to the wrist."""
    body = np.concatenate(apart["body"])
    wrists = [cache.layout.body.index(f"{side}_wrist") for side in ("left", "right")]
    figures = {
        "held_out/body_mm": 1000 * float(body.mean()),
        "held_out/wrists_mm": 1000 * float(body[:, wrists].mean()),
    }
    for part in ("left_hand", "right_hand"):
        figures[f"held_out/{part}_mm"] = 1000 * float(np.concatenate(apart[part]).mean())
    return figures
