"""`corpus`: make a corpus from sentences or from data sets, write it as a data set, say what it has."""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

Run = Callable[[argparse.Namespace], int]

_FORMATS: Final = ("how2sign", "csl", "phoenix")


def add(commands: Any, command: Callable[[Run], Run]) -> None:
    """Add the command. command: wraps what runs."""
    about = "clips with texts to train on: make, import, export, describe"
    parser: argparse.ArgumentParser = commands.add_parser("corpus", help=about, description=f"Corpora: {about}.")
    kinds = parser.add_subparsers(required=True, metavar="ACTION")
    actions = (
        (_add_synthetic, synthetic), (_add_import, import_), (_add_export, export), (_add_skels, skels),
        (_add_texts, texts), (_add_info, info),
    )  # fmt: skip
    for add_one, run in actions:
        add_one(kinds).set_defaults(run=command(run))


def _add_synthetic(kinds: Any) -> argparse.ArgumentParser:
    parser = kinds.add_parser(
        "synthetic",
        help="sentences of the grammar, signed by the lexicon",
        description="Make a corpus without recordings: sentences planned by the grammar, synthesised by the lexicon.",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="must not have one yet")
    parser.add_argument(
        "--format", choices=("cache", *_FORMATS), default="cache",
        help="as training reads it (cache), or as one of the data sets lies on disk, its language only",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--scale", type=float, default=1.0, metavar="X", help="times as many sentences")
    parser.add_argument("--isolated", type=int, default=2, metavar="N", help="times that each sign is made alone")
    parser.add_argument("--processes", type=int, default=1, metavar="N")
    return parser


def _add_import(kinds: Any) -> argparse.ArgumentParser:
    parser = kinds.add_parser(
        "import",
        help="read How2Sign, CSL-Daily or Phoenix-2014T",
        description="Read data sets as they lie on disk into one corpus. Clips that can't be used are skipped and "
        "told. Run it again when it was cut off: it goes on.",
        epilog="Example: python -m engine corpus import how2sign=/data/How2Sign -o corpus --set workers=8",
    )
    parser.add_argument(
        "roots", nargs="+", metavar="NAME=FOLDER", help=f"data sets and their folders; names: {', '.join(_FORMATS)}"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument(
        "--config", default="data_soke", metavar="FILE",
        help="settings: a TOML file, or the name of one that comes along (default: data_soke, as published)",
    )  # fmt: skip
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="like limits.shortest=20")
    parser.add_argument(
        "--statistics", nargs=2, type=Path, metavar=("MEAN", "STD"),
        help="179 numbers each (.pt or .npy) to normalise by, instead of those of the clips",
    )  # fmt: skip
    return parser


def _add_export(kinds: Any) -> argparse.ArgumentParser:
    parser = kinds.add_parser(
        "export",
        help="write a corpus as a data set lies on disk",
        description="Write the sentences of a corpus in the language of a data set as that data set lies on disk.",
    )
    parser.add_argument("corpus", type=Path, metavar="CORPUS")
    parser.add_argument("--format", choices=_FORMATS, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    return parser


def _add_skels(kinds: Any) -> argparse.ArgumentParser:
    parser = kinds.add_parser(
        "skels",
        help="write a corpus as training files of Prompt2Sign",
        description="Write a corpus as training files of Prompt2Sign, a folder a language: .skels with 50 joints, "
        ".text, .gloss and .files, for train, dev and test. Run it again when it was cut off: it goes on.",
    )
    parser.add_argument("corpus", type=Path, metavar="CORPUS")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--fps", type=float, default=0.0, metavar="RATE", help="of the files (default: as the clips)")
    parser.add_argument("--processes", type=int, default=1, metavar="N")
    return parser


def _add_texts(kinds: Any) -> argparse.ArgumentParser:
    parser = kinds.add_parser(
        "texts",
        help="write texts with their glosses and no motion, for the first step of Prompt2LangGloss",
        description="Write texts of the templates and their glosses by the grammar: LANGUAGE/train.text and "
        "train.gloss. `train signllm --texts` takes them, and anybody's of that form.",
        epilog="Example: python -m engine corpus texts -o build/texts",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another than the corpus's (default: 1)")
    parser.add_argument("--scale", type=float, default=1.0, metavar="X", help="times as many texts")
    return parser


def _add_info(kinds: Any) -> argparse.ArgumentParser:
    parser = kinds.add_parser("info", help="say what a corpus has", description="Say what a corpus has.")
    parser.add_argument("corpus", type=Path, metavar="CORPUS")
    return parser


def synthetic(options: argparse.Namespace) -> int:
    """Make a synthetic corpus."""
    from .synthetic import SyntheticConfig, make_corpus

    plain = SyntheticConfig(options.seed, isolated=options.isolated)
    config = replace(plain, **_scaled(plain, options))
    if options.format == "cache":
        _tell(make_corpus(options.output, config, options.processes))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        return _export(make_corpus(Path(scratch) / "corpus", config, options.processes), options)


def import_(options: argparse.Namespace) -> int:
    """Read data sets."""
    from .cache import STATISTICS
    from .commands import config_file
    from .config import read_config
    from .data_sets import DataConfig, import_corpus
    from .statistics_files import read_statistics

    pairs = [root.partition("=") for root in options.roots]
    wrong = [name + sign + folder for name, sign, folder in pairs if not sign or not folder]
    if wrong:
        raise ValueError(f"{wrong[0]!r} isn't of the form NAME=FOLDER, like how2sign=/data/How2Sign.")
    config = read_config(config_file(options.config), DataConfig, options.set)
    statistics = read_statistics(*options.statistics) if options.statistics else None
    summary = import_corpus(config.with_roots({name: folder for name, _, folder in pairs}), options.output)
    if statistics is not None:
        statistics.save(options.output / STATISTICS)
    print("\n".join(summary.lines()))
    return 0


def export(options: argparse.Namespace) -> int:
    """Write a corpus as a data set."""
    from .cache import ClipCache

    return _export(ClipCache(options.corpus), options)


def skels(options: argparse.Namespace) -> int:
    """Write a corpus as training files."""
    from .cache import ClipCache
    from .signllm_skels import write_skels

    counts = write_skels(ClipCache(options.corpus), options.output, options.fps, options.processes)
    _tell_counts(options.output, counts, "clips")
    return 0


def texts(options: argparse.Namespace) -> int:
    """Write texts with glosses."""
    from .signllm_texts import TextsConfig, write_texts

    plain = TextsConfig(options.seed)
    counts = write_texts(options.output, replace(plain, **_scaled(plain, options)))
    _tell_counts(options.output, counts, "texts")
    return 0


def info(options: argparse.Namespace) -> int:
    """Say what a corpus has."""
    from .cache import ClipCache

    _tell(ClipCache(options.corpus))
    return 0


def _scaled(plain: Any, options: argparse.Namespace) -> dict[str, Any]:
    """The settings of how many sentences there are, so many times as many as the plain ones."""
    sentences = {code: round(count * options.scale) for code, count in plain.sentences.items()}
    return {"sentences": sentences, "letters_only": round(plain.letters_only * options.scale)}


def _tell_counts(folder: Path, counts: Counter[str], what: str) -> None:
    print(f"{folder}: {counts.total()} {what} (" + ", ".join(f"{n} {code}" for code, n in counts.items()) + ")")


def _export(cache: Any, options: argparse.Namespace) -> int:
    from .data_sets import export_corpus

    count = export_corpus(cache, options.format, options.output)
    print(f"{options.output}: {count} clips as {options.format}")
    return 0


def _tell(cache: Any) -> None:
    """A line for each language, source and split, and one for all."""
    groups = Counter((clip.language, clip.source, clip.split) for clip in cache.clips)
    for (language, source, split), count in sorted(groups.items()):
        print(f"{language:8}{source:12}{split:8}{count:8} clips")
    hours = sum(clip.frames / clip.fps for clip in cache.clips) / 3600
    print(f"{len(cache)} clips of {cache.layout.size} numbers a frame, {hours:.2f} hours, in {cache.folder}")
