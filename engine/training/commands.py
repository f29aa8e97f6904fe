"""The commands of training: `corpus`, `tokenize`, `train`, `evaluate`. What they need is imported when one runs."""

from __future__ import annotations

import argparse
import functools
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ..generators.base import EngineError
from . import corpus_commands, evaluation_commands

_PACKAGES: Final = {
    "torch", "lightning_fabric", "tensorboard", "tqdm", "safetensors", "onnx", "onnxruntime", "sacrebleu",
    "torchmetrics", "sentencepiece", "h5py", "matplotlib",
}  # fmt: skip
"""Modules that may be missing where the engine alone is installed."""
_ALREADY: Final = "{} has a training already. Go on with --resume, or choose another folder."

Run = Callable[[argparse.Namespace], int]


def add_training(commands: Any) -> None:
    """Add the commands to the command line."""
    corpus_commands.add(commands, command)
    _add_tokenize(commands)
    _add_train(commands)
    evaluation_commands.add(commands, command)


def command(run: Run) -> Run:
    """The command with its errors as those that the command line tells."""

    @functools.wraps(run)
    def guarded(options: argparse.Namespace) -> int:
        try:
            return run(options)
        except ModuleNotFoundError as e:
            if (e.name or "").partition(".")[0] not in _PACKAGES:
                raise
            raise EngineError(
                "training_missing",
                f"This needs the package {e.name}, which isn't installed here.",
                "Install what engine/training/requirements.in lists, with `pip install -r`.",
            ) from e
        except (ValueError, FileNotFoundError) as e:  # those of the training and of bundles say what is wrong and where
            raise EngineError("training", str(e)) from e

    return guarded


def _add_tokenize(commands: Any) -> None:
    about = "turn the clips of a corpus into the codes of a tokenizer, on which a generator is trained"
    parser: argparse.ArgumentParser = commands.add_parser(
        "tokenize", help=about, description=f"Make the codes: {about}."
    )
    parser.add_argument("corpus", type=Path, metavar="CORPUS", help="folder of a corpus (see `corpus`)")
    parser.add_argument("--tokenizer", type=Path, required=True, metavar="FOLDER", help="what `train tokenizer` wrote")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="where the codes go")
    parser.set_defaults(run=command(_tokenize))


def _add_train(commands: Any) -> None:
    about = "train a tokenizer on a corpus, a generator on its codes, or SignLLM on training files of Prompt2Sign"
    parser: argparse.ArgumentParser = commands.add_parser("train", help=about, description=f"Training: {about}.")
    kinds = parser.add_subparsers(required=True, metavar="KIND")
    corpus, codes = "folder of a corpus (see `corpus`)", "folder of codes (see `tokenize`)"
    files = "folder of training files (see `corpus skels`)"
    for kind, what, run, data, config in (
        ("tokenizer", "tokenizer", _train_tokenizer, corpus, "tokenizer_soke, as published"),
        ("generator", "generator", _train_generator, codes, "generator_soke, as published"),
        ("signllm", "MLSF or Prompt2LangGloss, as the settings say", _train_signllm, files, "signllm_mlsf"),
        ("reader", "model that reads poses, for `evaluate signllm`", _train_reader, files, "signllm_reader"),
    ):
        own = kinds.add_parser(
            kind,
            help=f"train a {what}",
            description=f"Train a {what}, to the end of its settings or for so many minutes (run.minutes). "
            "With --resume it goes on from its last checkpoint. Its log is for TensorBoard.",
        )
        own.add_argument(
            "--config", default=config.partition(",")[0], metavar="FILE",
            help=f"settings: a TOML file, or the name of one that comes along (default: {config})",
        )  # fmt: skip
        own.add_argument("--data", type=Path, required=True, metavar="FOLDER", help=data)
        own.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="checkpoints, log, result")
        own.add_argument("--resume", action="store_true", help="go on from the last checkpoint in the output's folder")
        if kind == "signllm":
            own.add_argument(
                "--texts", type=Path, metavar="FOLDER",
                help="more texts with glosses for the first step of Prompt2LangGloss (see `corpus texts`)",
            )  # fmt: skip
        if kind == "tokenizer":
            own.add_argument(
                "--begin-with", type=Path, metavar="FOLDER",
                help="start from the weights of another training of this kind (see quantizer.frozen)",
            )  # fmt: skip
        add_set(own)
        own.set_defaults(run=command(run))


def add_set(parser: argparse.ArgumentParser) -> None:
    """Add `--set`."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting, like run.steps=2000"
    )


def config_file(name: str) -> Path:
    """A file of settings by its path, or by the name of one that comes along."""
    from .config import CONFIGS

    own = CONFIGS / f"{name}.toml"
    return own if own.is_file() and not Path(name).is_file() else Path(name)


def _tokenize(options: argparse.Namespace) -> int:
    from .cache import ClipCache
    from .tokenise import TokenCorpus, tokenise

    tokenise(ClipCache(options.corpus), options.tokenizer, options.output)
    made = TokenCorpus.read(options.output)
    print(f"{options.output}: {len(made.clips)} clips of {len(made.codes)} steps, {len(made.dictionary)} signs")
    return 0


def _train_tokenizer(options: argparse.Namespace) -> int:
    from .cache import ClipCache
    from .config import read_config
    from .tokenizer_config import TokenizerConfig
    from .tokenizer_training import TokenizerTraining

    config = read_config(config_file(options.config), TokenizerConfig, options.set)
    _check_output(options)
    training = TokenizerTraining(ClipCache(options.data), config, options.output)
    if options.resume:
        training.resume()
    elif options.begin_with:
        training.begin_with(options.begin_with)
    finished = training.run()
    return _told(finished, training.step, options.output)


def _train_generator(options: argparse.Namespace) -> int:
    from .config import GeneratorConfig, read_config
    from .generator_corpus import training_data
    from .generator_training import GeneratorTraining

    config = read_config(config_file(options.config), GeneratorConfig, options.set)
    _check_output(options)
    command = shlex.join(["python", "-m", "engine", *sys.argv[1:]])
    data = training_data(options.data, config, options.output, command)
    training = GeneratorTraining(data, config, options.output)
    if options.resume:
        training.resume()
    trained = training.run()
    return _told(trained.finished, trained.steps, options.output)


def _train_signllm(options: argparse.Namespace) -> int:
    from .config import read_config
    from .signllm_config import SignLlmConfig
    from .signllm_training import train_signllm

    config = read_config(config_file(options.config), SignLlmConfig, options.set)
    return _signllm_told(train_signllm(options.data, config, _job(options), options.texts), options.output)


def _train_reader(options: argparse.Namespace) -> int:
    from .config import read_config
    from .signllm_config import ReaderConfig
    from .signllm_training import train_reader

    config = read_config(config_file(options.config), ReaderConfig, options.set)
    return _signllm_told(train_reader(options.data, config, _job(options)), options.output)


def _job(options: argparse.Namespace) -> Any:
    from .signllm_training import Job, is_begun

    if not options.resume and is_begun(options.output):
        raise ValueError(_ALREADY.format(options.output))
    return Job(options.output, shlex.join(["python", "-m", "engine", *sys.argv[1:]]), options.resume)


def _signllm_told(finished: bool, folder: Path) -> int:
    print(f"{folder}: trained" if finished else f"{folder}: stopped; go on with --resume")
    return 0


def _check_output(options: argparse.Namespace) -> None:
    """Refuse to train over a training that is there already."""
    from .checkpoints import LATEST

    if not options.resume and (options.output / LATEST).exists():
        raise ValueError(_ALREADY.format(options.output))


def _told(finished: bool, steps: int, folder: Path) -> int:
    print(f"{folder}: {steps} steps" if finished else f"{folder}: stopped after {steps} steps; go on with --resume")
    return 0
