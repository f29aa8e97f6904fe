"""The models that are there: those that come with Signwright, and those in the user's folder, damaged ones too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from . import devices, languages
from .bundle import Bundle, BundleError, Manifest
from .generators.base import EngineError, Report
from .protocol import Message
from .signllm import settings as signllm
from .soke.settings import check_model

EMBEDDED: Final = Path(__file__).parent / "assets" / "models"
KIND: Final = "soke"
_CHECKS: Final = {KIND: check_model, signllm.KIND: signllm.check_model}
"""What checks a bundle's settings, by its kind."""
NEURAL: Final = "neural"
"""The method of bundles of `KIND`."""
_OWN: Final = "own/"
"""What the ids of the user's own bundles begin with."""
_DICTIONARY: Final = "dictionary.json"
ONNX_GENERATOR: Final = ("generator_encoder.onnx", "generator_decoder.onnx")
TORCH_GENERATOR: Final = "generator.safetensors"


@dataclass(frozen=True)
class Listed:
    """A folder that is a bundle or should be one. problem: why it can't be used, empty when it can."""

    id: str
    folder: Path
    embedded: bool
    bundle: Bundle | None
    problem: str = ""

    @property
    def method(self) -> str:
        """The method that it is for; empty when its manifest can't be read."""
        if self.bundle is None:
            return ""
        manifest = self.bundle.manifest
        return str(manifest.model["mode"]) if manifest.kind == signllm.KIND else NEURAL

    @property
    def generates(self) -> bool:
        """Whether it makes motion of a text here and now."""
        able = self.method != NEURAL or (self.bundle is not None and "generator" in self.bundle.manifest.model)
        return self.bundle is not None and not self.problem and able


def listed(models: str | Path = "") -> list[Listed]:
    """All bundles, the embedded ones first. models: the user's folder of bundles; none when empty."""
    own = Path(models) if str(models) else None
    return [
        *(_listed(folder, folder.name, embedded=True) for folder in _folders(EMBEDDED)),
        *(_listed(folder, _OWN + folder.name, embedded=False) for folder in _folders(own)),
    ]


def choose(wanted: str, models: str | Path = "", language: str = "", method: str = NEURAL) -> Listed:
    """The bundle of an id, the first that can generate for an empty one, of those that know the language if any does.

    A bundle of the user's is also found by its folder's name or path. Raises `EngineError`: `no_model`,
    `unknown_bundle`, `bundle_damaged`, `bundle_unfit` for one of another method.
    """
    there = listed(models)
    if not wanted:
        return _default(there, language, method)
    names = {x.id: x for x in reversed(there)} | {x.folder.name: x for x in there if not x.embedded}
    found = names.get(wanted) or next((x for x in there if x.id == wanted), None)
    if found is None and Path(wanted).is_dir():
        found = _listed(Path(wanted), Path(wanted).name, embedded=False)
    if found is None:
        known = ", ".join(x.id for x in there) or "none"
        raise EngineError(
            "unknown_bundle", f"There is no model {wanted[:80]!r}.", f"Choose one of: {known}.", "choose_bundle"
        )
    if found.problem:
        raise EngineError(
            "bundle_damaged",
            f"The model {found.folder.name} can't be used: {found.problem}",
            "Choose another model, or import this one anew.",
            "choose_bundle",
        )
    if found.method != method:
        raise EngineError(
            "bundle_unfit",
            f"The model {found.folder.name} is for the method {found.method}, not for {method}.",
            "Choose another model, or that method.",
            "choose_bundle",
        )
    return found


def usable(models: str | Path, method: str) -> list[Listed]:
    """The bundles by which a method can make motion here and now, the embedded ones first."""
    return [x for x in listed(models) if x.generates and x.method == method]


def languages_of(models: str | Path, method: str) -> tuple[str, ...]:
    """Codes of the languages that a method's bundles know, in the order of the table of languages."""
    known = {code for x in usable(models, method) if x.bundle is not None for code in x.bundle.manifest.languages}
    return tuple(language.code for language in languages.LANGUAGES if language.code in known)


def lacking(models: str | Path = "", method: str = NEURAL) -> str:
    """What is missing to generate by a method's models, and how to get it; empty when nothing is."""
    there = _of(listed(models), method)
    if any(x.generates for x in there):
        return ""
    if not there:
        command = "soke" if method == NEURAL else signllm.KIND
        return (
            "There is no model: none came with this build of Signwright, and your own folder has none. Import one with "
            f"`python -m export {command}`, and put the folder that it writes into your folder of models."
        )
    reasons = "; ".join(f"{x.folder.name}: {x.problem or 'it has a tokenizer only, no generator'}" for x in there)
    return f"No model can be used. {reasons}"


def damaged(found: Listed, why: Exception) -> EngineError:
    """The error of a bundle that turned out to be of no use."""
    return EngineError(
        "bundle_damaged",
        f"The model {found.folder.name} can't be used: {why}",
        "Choose another model, or install or import this one anew.",
        "choose_bundle",
    )


def verified(found: Listed) -> Bundle:
    """The bundle with the hashes of its files checked, once a process and again when a file changed.

    Raises `EngineError`: `bundle_damaged`.
    """
    assert found.bundle is not None
    try:
        return _checked(found.folder, _stamp(found.folder, found.bundle.manifest))
    except (BundleError, OSError) as e:
        raise damaged(found, e) from e


def bundles_request(message: Message, report: Report) -> Message:
    """Answer `bundles`: the models, the devices and the runtime as they are now."""
    models = message.get("models", "")
    if not isinstance(models, str):
        raise EngineError("bad_request", "models must be the path of a folder.")
    report("Looking for models", 0.0)
    return description(models)


def description(models: str = "") -> dict[str, Any]:
    """The part of `hello` about models."""
    return {
        "bundles": [described(x) for x in listed(models)],
        "devices": devices.described(),
        "runtime": devices.runtime(),
    }


def described(found: Listed) -> dict[str, Any]:
    """A bundle as the protocol has it."""
    shown: dict[str, Any] = {
        "id": found.id, "method": found.method, "embedded": found.embedded, "problem": found.problem,
    }  # fmt: skip
    if not found.embedded:
        shown["folder"] = str(found.folder)
    if found.bundle is None:
        empty = {"licence": "", "provenance": "", "bytes": 0, "signs": 0, "settings": {}}
        flags = dict.fromkeys(("generator", "dictionary", "captions"), False)
        return {**shown, "name": found.folder.name, "languages": [], **empty, **flags}
    manifest = found.bundle.manifest
    settings = manifest.model.get("generator", {})
    told = ("prompt", "keywords", "keyword_steps", "steps", "variant")
    return {
        **shown,
        "name": manifest.name,
        "languages": list(manifest.languages),
        "licence": manifest.licence,
        "provenance": manifest.provenance,
        "bytes": sum(file.bytes for file in manifest.files.values()),
        "generator": bool(settings) or manifest.kind == signllm.KIND,
        "dictionary": found.bundle.has(_DICTIONARY),
        "signs": _signs(found.bundle),
        "captions": "sign_to_text" in settings.get("tasks", ()),
        "settings": {name: settings[name] for name in told if name in settings},
    }


def _folders(root: Path | None) -> Iterator[Path]:
    """Folders that may be bundles; hidden ones are being written."""
    try:
        there = sorted(root.iterdir()) if root is not None and root.is_dir() else []
    except (OSError, ValueError):
        there = []
    return (folder for folder in there if folder.is_dir() and not folder.name.startswith((".", "_")))


def _of(there: list[Listed], method: str) -> list[Listed]:
    """The bundles of a method, and those that can't be read, which may be."""
    return [x for x in there if x.method in (method, "")]


def _listed(folder: Path, name: str, embedded: bool) -> Listed:
    try:
        bundle = _opened(folder, check_hashes=False)
    except (BundleError, OSError) as e:
        return Listed(name, folder, embedded, None, str(e))
    return Listed(name, folder, embedded, bundle, _problem(bundle))


def _opened(folder: Path, *, check_hashes: bool = True) -> Bundle:
    bundle = Bundle.open(folder, *_CHECKS, check_hashes=check_hashes)
    _CHECKS[bundle.manifest.kind](bundle)
    return bundle


def _problem(bundle: Bundle) -> str:
    if bundle.manifest.kind == signllm.KIND:
        return "" if devices.onnx_runtime() else "It needs ONNX Runtime, which isn't installed."
    base = bool(devices.onnx_runtime()) and bundle.has("decoder_body.onnx")
    if "generator" not in bundle.manifest.model:
        return "" if base or devices.torch() else "It needs ONNX Runtime, which isn't installed."
    if base and all(bundle.has(name) for name in ONNX_GENERATOR):
        return ""
    if not bundle.has(TORCH_GENERATOR):
        return "It has no generator that this machine can run: its files are incomplete or ONNX Runtime is missing."
    return "" if devices.torch() else "It needs PyTorch, which isn't installed: add it in the preferences."


def _default(there: list[Listed], language: str, method: str) -> Listed:
    able = [x for x in there if x.generates and x.method == method]
    if not able:
        damaged = "; ".join(f"{x.folder.name}: {x.problem}" for x in _of(there, method) if x.problem)
        raise EngineError(
            "no_model",
            "There is no model that can make motion of a text." + (f" {damaged}" if damaged else ""),
            "Use the method Dictionary, or import a model into your folder of models.",
            "open_models",
        )
    knowing = [x for x in able if x.bundle is not None and language.upper() in x.bundle.manifest.languages]
    return (knowing or able)[0]


def _signs(bundle: Bundle) -> int:
    """How many signs the dictionary has, counted without reading it in."""
    if not bundle.has(_DICTIONARY):
        return 0
    path = bundle.file(_DICTIONARY)
    return _count(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _count(path: Path, stamp: int) -> int:
    return path.read_bytes().count(b'"left_hand"')


def _stamp(folder: Path, manifest: Manifest) -> tuple[int, ...]:
    return tuple((folder / name).stat().st_mtime_ns for name in manifest.files)


@lru_cache(maxsize=8)
def _checked(folder: Path, stamp: tuple[int, ...]) -> Bundle:
    return _opened(folder)
