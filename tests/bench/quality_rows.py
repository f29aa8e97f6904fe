"""The rows of docs/quality.md: `python -m tests.bench.quality_rows GROUP ...` prints each as a line of JSON.

Each figure comes from one function of one bench, called here. `build_addon.py bench quality` runs the groups, each in
the environment that it needs, and writes the table.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from engine import languages
from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.lexicon.loader import Lexicon, load_language
from engine.lexicon.phonology import Sign


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    section: str
    what: str
    figure: str
    wanted: str = ""
    source: str = ""
    """The script that measures it."""


def _codes() -> list[str]:
    return [language.code for language in languages.with_signs()]


def _written(lexicon: Lexicon) -> list[Sign]:
    entries = [*lexicon.signs.values(), *lexicon.letters.values(), *lexicon.numbers.values()]
    return [sign for sign in entries if isinstance(sign, Sign)]


def _together() -> dict[str, list[str]]:
    """Codes of the languages that share a section: those with signs alone, those with letters only in one."""
    with_signs = [code for code in _codes() if load_language(code).signs]
    return {code: [code] for code in with_signs} | {
        "the other languages": [code for code in _codes() if code not in with_signs]
    }


def counts() -> Iterator[Row]:
    """Signs, letters and numbers of each language, and how many a fluent signer has reviewed."""
    wanted = {"ASL": "500 signs", "DGS": "120 signs", "CSL": "120 signs"}
    for code in _codes():
        lexicon = load_language(code)
        reviewed = sum(bool(sign.reviewed_by) for sign in _written(lexicon))
        figure = (
            f"{len(lexicon.signs)} signs, {len(lexicon.letters)} letters, {len(lexicon.numbers)} numbers; "
            f"{reviewed} reviewed by a fluent signer"
        )
        yield Row("Size", languages.get(code).name, figure, wanted.get(code, ""), "quality_rows")
    yield Row("Size", "Handshapes", str(len(load_language("ASL").handshapes)), "60", "quality_rows")


def coverage() -> Iterator[Row]:
    """Share of running words of everyday sentences that have a sign."""
    from .bench_coverage import TEXTS, figure

    for name, (code, _) in TEXTS.items():
        if code in _codes():
            found = figure(name)
            unit = "characters" if code == "CSL" else "words"
            wanted = "85 %" if code == "ASL" else ""
            yield Row("Coverage", name, f"{found.share:.1%} of {found.counted} {unit}", wanted, "bench_coverage")


def handshapes() -> Iterator[Row]:
    """Joint limits and penetration of handshapes."""
    from engine.lexicon.handshapes import limit_violations
    from engine.metrics.hand_solids import HandSolids
    from engine.review.motion import hands_in

    lexicon, body = load_language("ASL"), BodyModel.load(EMBEDDED_AVATAR)
    beyond = sum(len(limit_violations(shape)) for shape in lexicon.handshapes.values())
    yield Row("Handshapes", "Joint angles beyond human limits", str(beyond), "0", "engine/lexicon/handshapes.py")
    solids, names = HandSolids(body), list(lexicon.handshapes)
    deepest = []
    for vertices in hands_in(names, lexicon, body):
        contacts = solids.contacts(vertices)
        deepest.append(1000.0 * (contacts[0].depth if contacts else 0.0))
    worst = int(np.argmax(deepest))
    figure = f"{max(deepest):.1f} mm at most ({names[worst]}), median {np.median(deepest):.1f} mm"
    yield Row(
        "Handshapes", "A finger inside of another or of the palm", figure, "2 mm", "engine/metrics/hand_solids.py"
    )


def signs() -> Iterator[Row]:
    """Every sign alone from rest to rest."""
    from engine.metrics.quality import JERK_LIMIT, SPEED_LIMIT

    from .bench_quality import figures

    body = BodyModel.load(EMBEDDED_AVATAR)
    for title, codes in _together().items():
        lexicons = [load_language(code) for code in codes]
        table = np.array([figures(body, lexicon, sign) for lexicon in lexicons for sign in _written(lexicon)])
        names = [sign.gloss for lexicon in lexicons for sign in _written(lexicon)]
        section = f"Motion of {len(names)} signs, letters and numbers of {title}, each alone"

        def row(what: str, column: int, unit: str, limit: float, section=section, names=names, table=table) -> Row:
            values = table[:, column]
            over = int((values > limit).sum())
            figure = f"median {np.median(values):.1f} {unit}, worst {values.max():.1f} ({names[int(values.argmax())]})"
            return Row(section, what, f"{figure}; {over} over", f"{limit:g} {unit}", "bench_quality")

        yield row("Reach error at contacts, to where the skin lets them come", 1, "mm", 2.0)
        limits = f"{table[:, 3].sum():.0f} in {int((table[:, 3] > 0).sum())} signs"
        yield Row(section, "Joint angles beyond human limits, over all frames", limits, "0", "bench_quality")
        yield row("Peak wrist speed", 4, "m/s", SPEED_LIMIT)
        yield row("Jerk of the wrist, root mean square", 5, "m/s³", JERK_LIMIT)
        yield row("Hand inside of the head", 6, "mm", 5.0)
        yield row("Hand inside of the trunk", 7, "mm", 5.0)
        yield row("Hand inside of the other hand", 8, "mm", 5.0)
        yield row("Hand turned off its written orientation by joints and obstacles", 9, "°", 30.0)
        yield row("Contact kept off its place by other parts of the hand that touch first", 10, "mm", 10.0)


def bodies() -> Iterator[Row]:
    """Arms on bodies of random shape."""
    from .bench_bodies import BODIES, Failures, failures

    for title, codes in _together().items():
        found = sum((failures(code) for code in codes), Failures())
        names = ", ".join(f"{gloss} on {n}" for gloss, n in found.failed.most_common(6))
        figure = f"{found.count} failures in {found.tried:,} tries" + (f" ({names})" if names else "")
        what = f"All signs of {title} on {BODIES} random bodies; worst contact {found.worst_contact:.1f} mm"
        yield Row("Bodies of any shape", what, figure, "0", "bench_bodies")


def speed() -> Iterator[Row]:
    """Time of synthesis."""
    from .bench_quality import speed as measured

    duration, wall, cpu = measured(BodyModel.load(EMBEDDED_AVATAR), load_language("ASL"))
    figure = f"{10.0 * cpu / duration:.2f} s of processor time ({duration:.1f} s of motion in {wall:.2f} s)"
    yield Row("Speed", "Synthesis of 10 seconds of motion, warm", figure, "0.25 s", "bench_quality")


def retarget() -> Iterator[Row]:
    """Motion of other skeletons, through Blender's importers."""
    from .bench_retarget import retarget_errors

    for case, (median, worst, ms) in retarget_errors().items():
        figure = f"median {median:.3f}°, worst {worst:.3f}°; {ms:.1f} ms a frame"
        yield Row("Imported motion", f"Mixamo skeleton, {case}", figure, "", "bench_retarget")


def pose() -> Iterator[Row]:
    """Fit of `.pose` files."""
    from .bench_pose import residuals

    for what, figure, wanted in residuals():
        yield Row("Imported motion", what, figure, wanted, "bench_pose")


def detector() -> Iterator[Row]:
    """What MediaPipe's hand landmarker sees."""
    from .bench_hand_detector import figures

    for name, seen in figures().items():
        section = "Seen by an independent hand detector (MediaPipe 0.10.21)"
        found = f"{seen.found} of {seen.pictures} ({seen.found / seen.pictures:.0%})"
        yield Row(section, f"Hand found, {name}", found, "", "bench_hand_detector")
        right = f"{seen.right} of {seen.fingers} ({seen.right / max(seen.fingers, 1):.0%})"
        yield Row(section, f"Fingers stretched or bent as written, {name}", right, "", "bench_hand_detector")


def pose_detector() -> Iterator[Row]:
    """Fit of what MediaPipe Holistic measures in pictures of the avatar."""
    from .bench_pose_mediapipe import rows

    for what, figure in rows():
        name = f".pose, as MediaPipe Holistic 0.10.21 sees the avatar sign {what}"
        yield Row("Imported motion", name, figure, "", "bench_pose_mediapipe")


GROUPS: dict[str, Callable[[], Iterator[Row]]] = {
    f.__name__: f for f in (counts, coverage, handshapes, signs, bodies, speed, retarget, pose, detector, pose_detector)
}


def main(names: list[str]) -> None:
    for name in names or GROUPS:
        began = time.perf_counter()
        for row in GROUPS[name]():
            print(json.dumps({"row": dataclasses.asdict(row)}), flush=True)
        print(json.dumps({"group": name, "seconds": time.perf_counter() - began}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
