"""A trained model of SignLLM to a bundle."""

# pyright: reportMissingImports=false
from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from torch import nn

from engine.bundle import Bundle, BundleError, Manifest, write_manifest
from engine.signllm.bundled import Model
from engine.signllm.model_files import ABOUT, PIECES, STATISTICS, VOCABULARY, provenance
from engine.signllm.settings import KIND
from engine.signllm.torch_files import ModelUnfit, Trained, load, write_statistics

from ..soke.model_files import new_bundle
from ..soke.onnx_graph import Precision
from ..soke.quantizing import signed_rows
from .onnx_models import WHOLE, write_gloss, write_pose

LICENCE: Final = "CC0-1.0"
T = TypeVar("T", bound=nn.Module)
_LABELS: Final = {"mlsf": "MLSF", "prompt2langgloss": "Prompt2LangGloss"}


@dataclass(frozen=True)
class About:
    """What the bundles say beside what the training noted. note: what else there is to their provenance."""

    licence: str = LICENCE
    note: str = ""


def groups(folder: Path) -> list[Path]:
    """The trained models in a folder: itself, or those that it has folders of. Raises `BundleError`: there is none."""
    if (folder / ABOUT).is_file():
        return [folder]
    found = sorted(path.parent for path in folder.glob(f"*/{ABOUT}"))
    if not found:
        raise BundleError(f"{folder} holds no trained model of SignLLM: neither it nor a folder in it has {ABOUT}.")
    return found


def bundle_name(trained: Trained) -> str:
    """The folder of its bundle: `mlsf-asl`, `prompt2langgloss`."""
    return "-".join([trained.mode, *(code.lower() for code in trained.text.codes if trained.mode == "mlsf")])


def convert_all(
    folder: Path, models: Path, about: About = About(), precision: Precision = "float32"
) -> Iterator[tuple[Trained, Bundle]]:
    """Write a bundle into the folder `models` for each trained model in a folder; each as it is made.

    Raises `BundleError` for a wrong model, and when a bundle of that name is there already.
    """
    for group in groups(folder):
        try:
            trained = load(group)
        except ModelUnfit as e:
            raise BundleError(str(e)) from e
        yield trained, convert(trained, models / bundle_name(trained), about, precision)


def convert(trained: Trained, folder: Path, about: About = About(), precision: Precision = "float32") -> Bundle:
    """Write the bundle of one model. Its weights are rounded first to what is stored (float16, or bytes in precision
    int8-stored), so that `trained` computes with the same ones. Raises `BundleError` when the folder exists.
    """
    with new_bundle(folder) as target:
        model: dict[str, Any] = {"mode": trained.mode, "fps": trained.fps, "precision": precision}
        vocabulary: dict[str, Any] = {"text": trained.text.settings}
        write_pose(rounded(trained.pose, precision), target, precision)
        model["pose"] = asdict(trained.pose.config)
        if trained.gloss is not None and trained.glosses is not None:
            write_gloss(rounded(trained.gloss, precision), target, precision)
            model["gloss"], vocabulary["glosses"] = asdict(trained.gloss.config), trained.glosses.settings
        shutil.copyfile(trained.pieces, target / PIECES)
        (target / VOCABULARY).write_text(
            json.dumps(vocabulary, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
        )
        write_statistics(trained, target / STATISTICS)
        manifest = _manifest(trained, about, model)
        Model(write_manifest(target, manifest, [path.name for path in target.iterdir()]))
    return Bundle.open(folder, KIND)


@torch.no_grad()
def rounded(model: T, precision: Precision = "float32") -> T:
    """The model with its weights as float32 numbers that float16 has too; with int8-stored, the matrices of linear maps
    and tokens as those that bytes with a scale a row have."""
    for parameter in model.parameters():
        parameter.copy_(parameter.to(torch.float16).float())
    if precision == "int8-stored":
        for name, module in model.named_modules():
            if isinstance(module, nn.Linear | nn.Embedding) and name not in WHOLE:
                whole, scales = signed_rows(module.weight.numpy())
                module.weight.copy_(torch.from_numpy(whole * scales[:, None]))
    return model


def _manifest(trained: Trained, about: About, model: dict[str, Any]) -> Manifest:
    codes = trained.text.codes if trained.glosses is None else trained.glosses.codes
    label = _LABELS[trained.mode]
    name = f"{label} {', '.join(codes)}" if trained.mode == "mlsf" else label
    try:
        told = " ".join(filter(None, (provenance(trained.about), about.note)))
    except (KeyError, TypeError) as e:
        raise BundleError(f"{ABOUT} of the trained model doesn't say how it was made: {e} is missing.") from e
    return Manifest(KIND, name, tuple(codes), about.licence, told, model)
