"""Training of SignLLM's two modes, and of the model that reads poses back, on files of Prompt2Sign. Needs torch.

MLSF is a group a language, each with its own vocabulary, statistics and weights in a folder of its own: adding a
language touches no other. Prompt2LangGloss is one model for all languages in two steps, prompt to LangGloss and
LangGloss to poses, each trained by itself.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import math
import os
import platform
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from lightning_fabric import Fabric

from ..signllm.config import GlossTransformerConfig
from ..signllm.model import GlossTransformer, PoseTransformer
from ..signllm.model_files import ABOUT, PIECES
from ..signllm.torch_files import Trained, save
from ..signllm.vocabulary import (
    SPECIALS,
    SPELLED,
    GlossVocabulary,
    TextVocabulary,
    is_lang_gloss,
    lang_glosses,
    normalised,
    parted,
)
from .checkpoints import LATEST
from .config import RunConfig
from .signllm_codes import start_codes
from .signllm_config import GlossConfig, PoseConfig, ReaderConfig, SignLlmConfig, SkelsConfig
from .signllm_data import PoseSpace, SkelsClip, SkelsFolder, SkelsSplit
from .signllm_durations import durations
from .signllm_gloss import GlossSample, GlossTask, worded_prompts
from .signllm_loop import Loop, LoopConfig, Report, Task, launched
from .signllm_pose import Frames, PoseSample, PoseTask, for_plain_frames
from .signllm_reader import ABOUT as READER_ABOUT
from .signllm_reader import PoseReader, Reader, ReaderSample, ReaderTask, text_rows
from .signllm_texts import read_texts
from .signllm_vocabulary import alphabet, text_pieces, text_vocabulary

POSE: Final = "pose"
GLOSS: Final = "gloss"
"""Folders of the two steps' checkpoints."""
_PROMPT_TEXTS: Final = 2
"""Times that each prompt's words are in what the vocabulary is made from."""


def nothing(step: int, figures: dict[str, float]) -> None:
    """Reports to nobody."""


@dataclass(frozen=True)
class Files:
    """The clips of some languages, by split, that are short enough; see `SkelsConfig`."""

    folder: SkelsFolder
    data: SkelsConfig
    codes: tuple[str, ...]
    splits: dict[tuple[str, str], SkelsSplit]

    @classmethod
    def read(cls, path: Path, data: SkelsConfig, codes: Sequence[str] | None = None) -> Files:
        """codes: other languages than the settings say."""
        folder = SkelsFolder.read(path, data.fps, data.scale)
        chosen = folder.chosen(data.languages) if codes is None else tuple(codes)
        wanted = [(code, split) for code in chosen for split in ("train", "val")]
        splits = {key: folder.split(*key) for key in wanted if key[1] == "train" or folder.has(*key)}
        return cls(folder, data, chosen, splits)

    @property
    def fps(self) -> float:
        """Frames a second of what is learned."""
        return self.folder.fps / self.data.every

    def of(self, split: str) -> Iterator[tuple[SkelsSplit, SkelsClip]]:
        """Clips with a text."""
        for code in self.codes:
            own = self.splits.get((code, split))
            for clip in own.clips if own else ():
                if clip.text and 2 <= self.count(clip) <= self.data.longest:
                    yield own, clip  # type: ignore[misc]

    def count(self, clip: SkelsClip) -> int:
        """Frames of a clip that are used."""
        return -(-clip.frames // self.data.every)

    def texts(self) -> list[str]:
        """The texts that are trained on."""
        return [clip.text for _, clip in self.of("train")]

    def clip_counts(self) -> dict[str, int]:
        """How many clips of each language are trained on."""
        return dict(Counter(clip.language for _, clip in self.of("train")))

    def space(self) -> PoseSpace:
        """Mean and spread of what is trained on."""

        def clips() -> Iterator[Frames]:
            return (own.points(clip, self.data.every) for own, clip in self.of("train"))

        return PoseSpace.of(clips, self.data.least_spread, self.data.hands_from_wrists)

    def is_letter(self, clip: SkelsClip) -> bool:
        """Whether a clip's glosses say that it is one letter of the alphabet and nothing else."""
        glosses = self.lang_gloss(clip) if clip.gloss else []
        return len(glosses) == 1 and parted(glosses[0])[1].startswith(SPELLED)

    def lang_gloss(self, clip: SkelsClip) -> list[str]:
        """The LangGloss tokens of a clip. Raises `ValueError` when the files have no glosses."""
        if not clip.gloss:
            raise ValueError(f"{clip.language} has no glosses (a .gloss file) for {clip.name!r}, and this needs them.")
        return lang_glossed(clip.gloss, clip.language)


def lang_glossed(line: str, code: str) -> list[str]:
    """The LangGloss tokens of a line of LangGloss, or of plain glosses of a language."""
    return line.split() if is_lang_gloss(line) else lang_glosses(code, line.split(), alphabet(code))


@dataclass(frozen=True)
class Job:
    """What a training is called with. command: for the notes on it. report: gets the figures of the log."""

    output: Path
    command: str = ""
    resume: bool = False
    report: Report = nothing


def train_signllm(path: Path, config: SignLlmConfig, job: Job, texts: Path | None = None) -> bool:
    """Train a mode on a folder of training files. Whether it came to its end, which settings' minutes may cut off.

    texts: a folder of more texts for the first step of Prompt2LangGloss, see `signllm_texts`; MLSF, which has no such
    step, needs none. What is whole already is kept when resuming. Raises `SkelsError`, `EngineError` or `ValueError`
    for data that can't be used, `CheckpointUnfit` for a checkpoint of other settings.
    """
    fabric = launched(config.pose.run)
    if config.mode == "prompt2langgloss":
        return _train_langgloss(fabric, _files(fabric, path, config.data), config, job, texts)
    if texts is not None:
        raise ValueError("MLSF makes poses of texts themselves and can't learn from texts without motion.")
    chosen = SkelsFolder.read(path, config.data.fps, config.data.scale).chosen(config.data.languages)
    finished = True
    for code in chosen:
        own = replace(job, output=job.output / code)
        if job.resume and (own.output / ABOUT).is_file():
            continue
        finished &= _train_group(fabric, _files(fabric, path, config.data, (code,)), config, own)
    return finished


def _train_group(fabric: Fabric, files: Files, config: SignLlmConfig, job: Job) -> bool:
    """One language's group of MLSF."""
    text = text_vocabulary(fabric, files.texts(), files.codes, config.pose.model.pieces, job.output)
    space = files.space()

    def samples(split: str) -> list[PoseSample]:
        made = [(text.encode(clip.text, clip.language), own, clip) for own, clip in files.of(split)]
        # a letter by itself is the letter of a spelled word, too
        made += [
            (text.encode_spelled(clip.text, clip.language), own, clip)
            for own, clip in files.of(split)
            if files.is_letter(clip)
        ]
        return [_pose_sample(files, own, clip, tokens, space) for tokens, own, clip in made]

    vocabulary = _Tokens(len(text), SPECIALS + len(text.codes))
    task = _pose_task(config.pose, vocabulary, samples("train"), samples("val"), files, space)
    loop, finished = _run(fabric, task, _pose_loop(config.pose), job.output, job)
    if finished and fabric.is_global_zero:
        about = _about(config, files, job, config.pose.run, loop)
        save(_trained(config, files, text, task, space, job.output / PIECES, about), job.output)
    return finished


def _train_langgloss(fabric: Fabric, files: Files, config: SignLlmConfig, job: Job, more: Path | None) -> bool:
    """Both steps of Prompt2LangGloss."""
    written = list(read_texts(more, files.codes)) if more is not None else []
    letters = {code: alphabet(code) for code in files.codes}
    glosses = GlossVocabulary.of_lines((" ".join(files.lang_gloss(clip)) for _, clip in files.of("train")), letters)
    by_code = {code: [clip.text for own, clip in files.of("train") if own.language == code] for code in files.codes}
    prompts = worded_prompts(files.codes, lambda code: by_code[code][:_PROMPT_TEXTS])
    texts = [*files.texts(), *prompts, *(one.text for one in written)]
    text = text_vocabulary(fabric, texts, files.codes, config.gloss.model.pieces, job.output)
    space = files.space()

    def rows(clip: SkelsClip) -> list[int]:
        return glosses.encode(files.lang_gloss(clip))

    def pose_samples(split: str) -> list[PoseSample]:
        return [_pose_sample(files, own, clip, rows(clip), space) for own, clip in files.of(split)]

    def gloss_samples(split: str) -> list[GlossSample]:
        return [GlossSample(clip.text, clip.language, tuple(rows(clip))) for _, clip in files.of(split)]

    written_samples = [
        GlossSample(one.text, one.language, tuple(glosses.encode(lang_glossed(one.gloss, one.language))))
        for one in written
    ]
    train_samples = [*gloss_samples("train"), *written_samples]
    gloss_task = _gloss_task(config.gloss, text, glosses, train_samples, gloss_samples("val"))
    gloss_loop = LoopConfig(config.gloss.optimiser, config.gloss.batch, config.gloss.run)
    loops = [_run(fabric, gloss_task, gloss_loop, job.output / GLOSS, job)]
    vocabulary, train = _Tokens(len(glosses), SPECIALS), pose_samples("train")
    task = _pose_task(config.pose, vocabulary, train, pose_samples("val"), files, space)
    loops.append(_run(fabric, task, _pose_loop(config.pose), job.output / POSE, job))
    finished = all(done for _, done in loops)
    if finished and fabric.is_global_zero:
        about = _about(config, files, job, config.pose.run, *(loop for loop, _ in loops)) | {"texts": len(written)}
        made = _trained(config, files, text, task, space, job.output / PIECES, about)
        made.gloss, made.glosses = gloss_task.module.model.cpu().eval(), glosses
        made.durations = durations([s.tokens for s in train], [s.count for s in train], len(glosses))
        save(made, job.output)
    return finished


def train_reader(path: Path, config: ReaderConfig, job: Job) -> bool:
    """Train a model that reads poses. Whether it came to its end. Raises what `train_signllm` does."""
    fabric = launched(config.run)
    files = _files(fabric, path, config.data)
    tokens = {token for _, clip in files.of("train") for token in files.lang_gloss(clip)}
    numbers = {token: number for number, token in enumerate(sorted(tokens), 1)}
    pieces = text_pieces(fabric, map(normalised, files.texts()), config.model.pieces, job.output)
    statistics = files.space().plain
    torch.manual_seed(config.run.seed)
    sizes = config.model.gloss(len(files.codes), SPECIALS + pieces.get_piece_size())
    model = PoseReader(replace(sizes, longest_text=files.data.longest), len(numbers))

    def samples(split: str) -> list[ReaderSample]:
        return [
            ReaderSample(
                files.codes.index(clip.language),
                text_rows(pieces, clip.text, sizes.longest_gloss),
                tuple(numbers[token] for token in files.lang_gloss(clip) if token in numbers),
                files.count(clip),
                _Reads(own, clip, files.data.every, statistics.normalised),
            )
            for own, clip in files.of(split)
        ]

    task = ReaderTask(config, model, samples("train"), samples("val"))
    loop, finished = _run(fabric, task, LoopConfig(config.optimiser, config.batch, config.run), job.output, job)
    if finished and fabric.is_global_zero:
        about = _about(config, files, job, config.run, loop)
        Reader(model.cpu().eval(), pieces, files.codes, tuple(numbers), statistics, files.fps, about).save(job.output)
    return finished


def is_begun(output: Path) -> bool:
    """Whether a folder has, or holds groups that have, a whole model or a checkpoint."""
    names = (LATEST, ABOUT, READER_ABOUT)
    return any(any(output.glob(pattern)) for name in names for pattern in (name, f"*/{name}"))


# ---------------------------------------------------------------- parts of a training


@dataclass(frozen=True)
class _Reads:
    """Reads a clip's frames as `seen` makes them."""

    split: SkelsSplit
    clip: SkelsClip
    every: int
    seen: Any

    def __call__(self) -> Frames:
        return self.seen(self.split.points(self.clip, self.every))


def _files(fabric: Fabric, path: Path, data: SkelsConfig, codes: Sequence[str] | None = None) -> Files:
    """The files, by one process first, which keeps what it read of them for the others."""
    with fabric.rank_zero_first():
        return Files.read(path, data, codes)


def _pose_sample(files: Files, own: SkelsSplit, clip: SkelsClip, tokens: list[int], space: PoseSpace) -> PoseSample:
    return PoseSample(tuple(tokens), files.count(clip), _Reads(own, clip, files.data.every, space.into))


@dataclass(frozen=True)
class _Tokens:
    """How many tokens there are, and the first of them that can stand for a sign."""

    count: int
    first: int


def _pose_task(
    config: PoseConfig, tokens: _Tokens, train: list[PoseSample], held_out: list[PoseSample], files: Files,
    space: PoseSpace,
) -> PoseTask:  # fmt: skip
    torch.manual_seed(config.run.seed)
    longest = math.ceil(files.data.longest * (1.0 + config.augment.overrun))
    model = PoseTransformer(config.model.pose(tokens.count, longest))
    if config.codes:
        start_codes(model, train, tokens.first)
    return PoseTask(config, model, train, held_out, space)


def _gloss_task(
    config: GlossConfig, text: TextVocabulary, glosses: GlossVocabulary, train: list[GlossSample],
    held_out: list[GlossSample],
) -> GlossTask:  # fmt: skip
    torch.manual_seed(config.run.seed)
    sizes: GlossTransformerConfig = config.model.gloss(len(text), len(glosses))
    return GlossTask(GlossTransformer(sizes), text, glosses, train, held_out, config.prompts, config.label_smoothing)


def _pose_loop(config: PoseConfig) -> LoopConfig:
    return LoopConfig(config.optimiser, config.batch, config.run, config.loss, config.least_steps)


def _run(fabric: Fabric, task: Task, config: LoopConfig, folder: Path, job: Job) -> tuple[Loop, bool]:
    """Train a task in its folder, from its checkpoint on where there is one and it is resumed."""
    loop = Loop(fabric, task, config, folder)
    if job.resume and (folder / LATEST).is_file():
        loop.resume()
    return loop, loop.run(job.report)


def _trained(
    config: SignLlmConfig, files: Files, text: TextVocabulary, task: PoseTask, space: PoseSpace, pieces: Path,
    about: dict[str, Any],
) -> Trained:  # fmt: skip
    model = for_plain_frames(task.module.model, space)
    mean, std = (x.astype("float32") for x in (space.plain.mean, space.plain.std))
    return Trained(config.mode, files.fps, text, pieces, model, mean, std, about=about)


def _about(
    config: SignLlmConfig | ReaderConfig, files: Files, job: Job, run: RunConfig, *loops: Loop
) -> dict[str, Any]:
    """Notes on a training, for its bundle's manifest and its reports."""
    counts = files.clip_counts()
    return {
        "command": job.command,
        "seed": run.seed,
        "steps": sum(loop.place.step for loop in loops),
        "skipped": sum(loop.place.skipped for loop in loops),
        "seconds": sum(loop.place.seconds for loop in loops),
        "clips": sum(counts.values()),
        "clips_by_language": counts,
        "machine": f"{platform.machine()}, {run.accelerator}, {run.threads or os.cpu_count()} threads",
        "every": files.data.every,
        "unit": files.folder.unit,
        "config": asdict(config),
    }
