"""`evaluate`: a tokenizer or generators on clips held out, into a report."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ..metrics.points import MeasuredBody
    from ..soke.model import Model
    from .cache import Clip, ClipCache
    from .evaluate import Settings
    from .evaluation_report import About

Run = Callable[[argparse.Namespace], int]
_PUBLISHED_KEYWORDS: Final = 3
_SYNTHETIC: Final = (
    "The corpus is synthetic: what stands for recordings was made by the synthesiser of the method `dictionary` from "
    "the same plans, so that this method's own figures tell no more than what pace and variation make. Nothing here "
    "says how well signers understand it."
)


def add(commands: Any, command: Callable[[Run], Run]) -> None:
    """Add the command. command: wraps what runs."""
    about = "measure a tokenizer or generators on clips held out, into a report"
    parser: argparse.ArgumentParser = commands.add_parser("evaluate", help=about, description=f"Evaluation: {about}.")
    kinds = parser.add_subparsers(required=True, metavar="KIND")
    tokenizer = kinds.add_parser(
        "tokenizer",
        help="motion to codes and back: MPVPE, MPJPE",
        description="Encode and decode clips: MPVPE and MPJPE in mm, plain and Procrustes-aligned; use of the codes.",
    )
    _add_common(tokenizer, bundles=True)
    tokenizer.add_argument("--every", type=int, default=5, metavar="N", help="look at one frame in N (default: 5)")
    tokenizer.set_defaults(run=command(_tokenizer))
    generator = kinds.add_parser(
        "generator",
        help="text to motion: DTW-JPE, DTW-PA-JPE, back-translation",
        description="Let methods sign the texts of clips: DTW-JPE and DTW-PA-JPE against the recordings, length, time, "
        "and BLEU and ROUGE of what a bundle that reads motion makes of it.",
    )
    _add_common(generator, bundles=False)
    generator.add_argument(
        "--keywords", default="", metavar="N,N,...",
        help="most retrieved signs, a method each (default: none, the published 3, and what the bundle is for)",
    )  # fmt: skip
    generator.add_argument(
        "--sample-keywords", action="append", default=[], type=Path, metavar="JSON",
        help="keywords of each clip (SOKE's name2kws_test.json), in place of those that retrieval finds in its text",
    )  # fmt: skip
    generator.add_argument("--no-dictionary", action="store_true", help="leave the method dictionary out")
    generator.add_argument("--codes", action="store_true", help="also retrieved codes in a row, without a generator")
    generator.add_argument(
        "--method", action="store_true", help="also the method neural as users have it, free and dictionary-exact"
    )
    generator.add_argument("--batch", type=int, default=8, metavar="N", help="texts at once (default: 8)")
    generator.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="what runs the generator (default: auto)"
    )
    generator.set_defaults(run=command(_generator))
    signllm = kinds.add_parser(
        "signllm",
        help="MLSF and Prompt2LangGloss: DTW, MPJPE, back-translation",
        description="Let trained models sign the texts of training files that they weren't trained on: distances of 50 "
        "joints along the warping path, and BLEU and ROUGE of what a reader makes of it, by language; a plot.",
    )
    _add_signllm(signllm)
    signllm.set_defaults(run=command(_signllm))


def _add_signllm(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, metavar="DATA", help="folder of training files (see `corpus skels`)")
    parser.add_argument(
        "--model", action="append", default=[], required=True, type=Path, metavar="FOLDER",
        help="what `train signllm` wrote; may be given repeatedly, its name stands in the report",
    )  # fmt: skip
    parser.add_argument("--reader", type=Path, metavar="FOLDER", help="what `train reader` wrote, for back-translation")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="report.md, .json and .svg")
    parser.add_argument("--split", default="test", metavar="NAME", help="train, val or test (default: test)")
    parser.add_argument("--languages", default="", metavar="CODE,...", help="signed languages (default: all)")
    parser.add_argument("--samples", type=int, default=0, metavar="N", help="most clips a language (default: all)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="which clips")


def _add_common(parser: argparse.ArgumentParser, bundles: bool) -> None:
    """bundles: whether at least one has to be given."""
    parser.add_argument("corpus", type=Path, metavar="CORPUS", help="folder of a corpus (see `corpus`)")
    parser.add_argument(
        "--bundle", action="append", default=[], required=bundles, metavar="FOLDER",
        help="a bundle or its id; may be given repeatedly",
    )  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="report.md and report.json")
    parser.add_argument("--split", default="test", metavar="NAME", help="train, val or test (default: test)")
    parser.add_argument("--languages", default="", metavar="CODE,...", help="signed languages (default: all)")
    parser.add_argument("--samples", type=int, default=0, metavar="N", help="most clips a language (default: all)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="which clips; variation of the dictionary's")
    parser.add_argument("--body", default="", metavar="FILE", help="SMPL-X model (default: the embedded avatar)")
    parser.add_argument(
        "--hand-means", action="store_true", help="hand poses are relative to the model's mean hand, as published data"
    )


def _tokenizer(options: argparse.Namespace) -> int:
    from .evaluate import Settings, chosen_clips, evaluate_tokenizer
    from .evaluation_report import tokenizer_json, tokenizer_markdown, write

    cache, measured = _opened(options)
    settings = Settings(options.split, _codes(options), options.samples, options.seed, max(options.every, 1))
    models = {label: _tokenizer_of(name) for label, name in _labels(options.bundle).items()}
    clips = chosen_clips(cache, settings)
    results = {label: evaluate_tokenizer(m, cache, clips, measured, settings) for label, m in models.items()}
    about = _about(cache, measured, models, settings, clips)
    paths = write(options.output, tokenizer_markdown(about, results), tokenizer_json(about, results))
    print("\n".join(map(str, paths)))
    return 0


def _generator(options: argparse.Namespace) -> int:
    from .. import languages
    from .evaluate import Settings, chosen_clips, evaluate_signers, reads_motion, recordings_read
    from .evaluation_report import generator_json, generator_markdown, generator_plot, write
    from .sample_keywords import read_sample_keywords, with_keywords
    from .signers import CodesSigner, DictionarySigner, GeneratorSigner, MethodSigner, ReconstructionSigner

    cache, measured = _opened(options)
    settings = Settings(options.split, _codes(options), options.samples, options.seed, batch=max(options.batch, 1))
    models = {label: _generator_of(name, options.device) for label, name in _labels(options.bundle).items()}
    known = [set(m.vocabulary.languages) for m in models.values()] or [{x.code for x in languages.with_signs()}]
    clips = chosen_clips(cache, settings, sorted(set.intersection(*known)))
    notes: list[str] = []
    if options.sample_keywords:
        clips = with_keywords(clips, read_sample_keywords(options.sample_keywords))
        notes.append(f"Keywords are those of {', '.join(path.name for path in options.sample_keywords)}.")
    signers: list[Any] = [] if options.no_dictionary else [DictionarySigner(measured.body, options.seed)]
    for label, model in models.items():
        signers.append(ReconstructionSigner(model, cache, label))
        signers += [CodesSigner(model, label)] if options.codes and len(model.dictionary) else []
        signers += [GeneratorSigner(model, count, label) for count in _keywords(options.keywords, model)]
        if options.method and model.dictionary.by_notation:
            signers += [MethodSigner(str(model.bundle.folder), mode, label, options.seed) for mode in ("free", "exact")]
    if not signers:
        raise ValueError("There is no method to evaluate: give a bundle, or leave --no-dictionary out.")
    reader = next(((label, m) for label, m in models.items() if reads_motion(m)), None)
    model = reader[1] if reader else None
    results = evaluate_signers(signers, cache, clips, measured, settings, model)
    read = recordings_read(model, cache, clips, settings) if model else None
    about, name = _about(cache, measured, models, settings, clips, notes), reader[0] if reader else ""
    data = generator_json(about, results, read, name)
    paths = write(options.output, generator_markdown(about, results, read, name), data)
    print("\n".join(map(str, (*paths, generator_plot(options.output, results)))))
    return 0


def _signllm(options: argparse.Namespace) -> int:
    from .. import __version__
    from .signllm_evaluation import Settings, asked_clips, evaluated
    from .signllm_producers import OtherProducer, RecordingProducer, StillProducer, TrainedProducer
    from .signllm_reader import Reader
    from .signllm_report import About, write_report

    settings = Settings(options.split, _codes(options), options.samples, options.seed)
    trained = [TrainedProducer.load(folder) for folder in options.model]
    rates = {producer.fps for producer in trained}
    if len(rates) > 1:
        raise ValueError(
            f"The models have several frame rates ({sorted(rates)}) and can't be compared with each other."
        )
    fps, known = rates.pop(), set.intersection(*(set(producer.languages) for producer in trained))
    asked, unit = asked_clips(options.data, settings, fps, sorted(known))
    reader = Reader.load(options.reader) if options.reader else None
    given = [TrainedProducer.load(f, given=True) for f, p in zip(options.model, trained, strict=True) if p.by_glosses]
    producers = [RecordingProducer(), OtherProducer(), StillProducer(), *trained, *given]
    results = evaluated(producers, asked, fps, reader)
    name = f"{options.reader.name} ({reader.about['steps']} steps, seed {reader.about['seed']})" if reader else ""
    counts = {code: len(clips) for code, clips in asked.items()}
    about = About(options.data.name, unit, fps, settings, counts, __version__, name)
    print("\n".join(map(str, write_report(options.output, about, results))))
    return 0


def _opened(options: argparse.Namespace) -> tuple[ClipCache, MeasuredBody]:
    from ..generators.dictionary import body_model
    from ..metrics.points import MeasuredBody
    from .cache import ClipCache

    return ClipCache(options.corpus), MeasuredBody(body_model(options.body), hand_means=options.hand_means)


def _codes(options: argparse.Namespace) -> tuple[str, ...]:
    return tuple(code.strip().upper() for code in options.languages.split(",") if code.strip())


def _labels(bundles: Sequence[str]) -> dict[str, str]:
    """Bundles by a short name for the report. Raises `ValueError` for two of the same."""
    labels = {Path(name).name: name for name in bundles}
    if len(labels) < len(bundles):
        raise ValueError("Two of the bundles have the same name. Give their folders different names.")
    return labels


def _tokenizer_of(name: str) -> Model:
    from .. import bundles
    from ..soke.model import Model
    from ..tokenizer.onnx_tokenizer import OnnxTokenizer

    bundle = bundles.verified(bundles.choose(name))
    return Model(bundle, OnnxTokenizer(bundle), None)


def _generator_of(name: str, device: Any) -> Model:
    from .. import bundles
    from ..soke.model import Model

    return Model.open(bundles.verified(bundles.choose(name)), device)


def _keywords(given: str, model: Model) -> list[int]:
    """Most retrieved signs of each method. Raises `ValueError`."""
    most = model.prompt.keywords
    if not given:
        return sorted({0, min(_PUBLISHED_KEYWORDS, most), most}) if len(model.dictionary) else [0]
    try:
        counts = [int(count) for count in given.split(",")]
    except ValueError as e:
        raise ValueError(f"--keywords {given} is no list of whole numbers.") from e
    if min(counts) < 0:
        raise ValueError("There can't be fewer than 0 keywords.")
    return counts


def _about(
    cache: ClipCache,
    measured: MeasuredBody,
    models: dict[str, Model],
    settings: Settings,
    clips: Sequence[Clip],
    more: Sequence[str] = (),
) -> About:
    """more: notes of the evaluation's own."""
    from .. import __version__
    from .evaluation_report import About
    from .synthetic import ABOUT

    names = {label: f"{m.bundle.manifest.name} (manifest {m.digest[:12]})" for label, m in models.items()}
    notes = [*more, *(f"{label}: {m.note}" for label, m in models.items() if m.note)]
    if (cache.folder / ABOUT).is_file():
        notes.append(_SYNTHETIC)
    counts = Counter(clip.language for clip in clips)
    return About(cache.folder.name, measured.body.name, names, settings, counts, __version__, tuple(notes))
