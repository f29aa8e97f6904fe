"""The generator gives by ONNX Runtime what it gives by torch. Needs torch; elsewhere the file is skipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from engine.bundle import Bundle, BundleError, Manifest, write_manifest  # noqa: E402
from engine.soke.decoding import Variant, decode, decode_text  # noqa: E402
from engine.soke.onnx_runtime import DECODER, OnnxRuntime  # noqa: E402
from engine.soke.runtime import RuntimeUnfit, text_input  # noqa: E402
from engine.soke.sampling import Constraint, Sampling  # noqa: E402
from engine.soke.torch_runtime import TorchRuntime  # noqa: E402
from engine.soke.transformer import Transformer, TransformerConfig  # noqa: E402
from engine.soke.vocabulary import Vocabulary  # noqa: E402
from engine.tokenizer.features import PARTS  # noqa: E402
from export.soke import onnx_generator  # noqa: E402
from export.soke.onnx_generator import Source, write_generator  # noqa: E402
from export.soke.onnx_graph import Precision  # noqa: E402

SIZES = {"body": 24, "left_hand": 40, "right_hand": 40}
TOLERANCE = 1e-4


class Letters:
    """A text tokenizer for the tests: a piece a letter."""

    def encode(self, text: str) -> list[int]:
        return [3 + ord(c) % 90 for c in text]

    def get_piece_size(self) -> int:
        return 100


TAGS = tuple(f"{tag}{part}" for tag in ("en_ASL", "zh_CSL", "de_DGS") for part in ("", "_lhand", "_rhand"))
VOCABULARY = Vocabulary(Letters(), {i: i for i in range(130)}, SIZES, TAGS)


def model(**changes: object) -> Transformer:
    torch.manual_seed(0)
    sizes = {"width": 64, "encoder_layers": 2, "decoder_layers": 3, "heads": 4, "feed_forward": 96, "positions": 200}
    made = Transformer(TransformerConfig(VOCABULARY.rows, **{**sizes, **changes}))
    made.output_bias.normal_()
    return made.eval()


def source(made: Transformer, *, captions: bool = False) -> Source:
    state = {name: x.numpy() for name, x in made.state_dict().items()}
    words = VOCABULARY.text_rows() if captions else ()
    return Source(state, made.config, {part: VOCABULARY.allowed_rows(part) for part in PARTS}, 0.4, words)


def exported(made: Source, folder: Path, precision: Precision = "float32") -> Bundle:
    folder.mkdir()
    write_generator(made, folder, precision)
    manifest = Manifest("soke", "Test", ("ASL",), "none", "made by a test", {})
    return write_manifest(folder, manifest, [path.name for path in folder.iterdir()])


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return exported(source(model(), captions=True), tmp_path_factory.mktemp("onnx") / "bundle")


@pytest.fixture(scope="module")
def runtimes(bundle: Bundle) -> tuple[TorchRuntime, OnnxRuntime]:
    return TorchRuntime(model(), VOCABULARY), OnnxRuntime(bundle, VOCABULARY, threads=1)


def texts(*lengths: int, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, VOCABULARY.rows, (length, 3)) for length in lengths]


def rows(batch: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([rng.choice(VOCABULARY.allowed_rows(part), batch) for part in PARTS], axis=1)


@pytest.mark.parametrize("lengths", [(1,), (30,), (5, 9, 7), (200,)], ids=str)
def test_logits_of_every_step_agree(runtimes: tuple[TorchRuntime, OnnxRuntime], lengths: tuple[int, ...]) -> None:
    by_torch, by_onnx = (runtime.start(texts(*lengths), 12) for runtime in runtimes)
    for step in range(12):
        fed = rows(len(lengths), step)
        for ours, theirs in zip(by_onnx.step(fed), by_torch.step(fed), strict=True):
            assert ours.dtype == np.float32
            assert np.abs(ours - theirs).max() < TOLERANCE


def test_samples_can_be_dropped_repeated_and_reordered(runtimes: tuple[TorchRuntime, OnnxRuntime]) -> None:
    sessions = [runtime.start(texts(5, 9, 7), 12) for runtime in runtimes]
    for step, index in enumerate(([0, 1, 2], [2, 0], [1, 0, 1, 1], [3])):
        outcomes = []
        for session in sessions:
            session.select(np.array(index))
            outcomes.append(session.step(rows(len(index), step)))
        for theirs, ours in zip(*outcomes, strict=True):
            assert np.abs(ours - theirs).max() < TOLERANCE


def test_a_text_gets_in_a_batch_what_it_gets_alone(runtimes: tuple[TorchRuntime, OnnxRuntime]) -> None:
    _, runtime = runtimes
    inputs, languages = texts(40, 3, 17), ["ASL", "CSL", "DGS"]
    together = decode(runtime, inputs, languages)
    for text, language, decoded in zip(inputs, languages, together, strict=True):
        assert decode(runtime, [text], [language])[0].rows == decoded.rows


@pytest.mark.parametrize("variant", ["multihead", "part", "flatten"])
@pytest.mark.parametrize(
    "sampling", [Sampling(), Sampling(beams=3), *(Sampling(1.0, top_p=0.9, seed=seed) for seed in range(3))], ids=str
)
def test_both_runtimes_generate_the_same_tokens(
    runtimes: tuple[TorchRuntime, OnnxRuntime], variant: Variant, sampling: Sampling
) -> None:
    inputs, languages = texts(12, 25, seed=sampling.seed), ["ASL", "DGS"]
    constraints = [Constraint(max_steps=30)] * 2
    by_torch, by_onnx = (
        decode(runtime, inputs, languages, sampling, constraints, variant=variant) for runtime in runtimes
    )
    assert [x.rows for x in by_onnx] == [x.rows for x in by_torch]


def test_both_runtimes_say_the_same_words(runtimes: tuple[TorchRuntime, OnnxRuntime]) -> None:
    by_torch, by_onnx = (decode_text(runtime, texts(20), "ASL", longest=15) for runtime in runtimes)
    assert by_onnx[0].rows == by_torch[0].rows


def test_a_model_without_words_says_so(tmp_path: Path) -> None:
    runtime = OnnxRuntime(exported(source(model()), tmp_path / "b"), VOCABULARY, threads=1)
    with pytest.raises(RuntimeUnfit, match="no words"):
        runtime.start(texts(3), 5, "text")


@pytest.mark.parametrize("sides", [(True, False), (False, True), (False, False)])
def test_embeddings_are_scaled_as_the_model_says(tmp_path: Path, sides: tuple[bool, bool]) -> None:
    made = model(scale_encoder=sides[0], scale_decoder=sides[1])
    runtimes = TorchRuntime(made, VOCABULARY), OnnxRuntime(exported(source(made), tmp_path / "b"), VOCABULARY)
    by_torch, by_onnx = (runtime.start([text_input([5, 6, 7])], 3).step(rows(1, 0)) for runtime in runtimes)
    assert max(np.abs(a - b).max() for a, b in zip(by_torch, by_onnx, strict=True)) < TOLERANCE


@pytest.mark.parametrize(
    ("precision", "worst"), [("float16", 0.05), ("int8", 0.3), ("int8-dynamic", 0.5), ("int4", 4.0)]
)
def test_reduced_precision_stays_near(
    runtimes: tuple[TorchRuntime, OnnxRuntime], tmp_path: Path, precision: Precision, worst: float
) -> None:
    """Logits of this model reach 50."""
    runtime = OnnxRuntime(exported(source(model()), tmp_path / "b", precision), VOCABULARY)
    text = texts(20)
    by_torch, reduced = runtimes[0].start(text, 8), runtime.start(text, 8)
    gaps = []
    for step in range(8):
        fed = rows(1, step)
        gaps += [np.abs(a - b).max() for a, b in zip(by_torch.step(fed), reduced.step(fed), strict=True)]
    assert 1e-4 < max(gaps) < worst


@pytest.mark.parametrize("precision", ["float16", "int8", "int4"])
def test_reduced_precision_makes_small_files(tmp_path: Path, precision: Precision) -> None:
    made = source(model(width=128, feed_forward=512))
    size = {}
    for kind in ("float32", precision):
        bundle = exported(made, tmp_path / kind, kind)
        size[kind] = bundle.manifest.files[DECODER].bytes
    assert size[precision] < {"float16": 0.55, "int8": 0.40, "int4": 0.30}[precision] * size["float32"]


def test_weights_of_large_models_lie_beside_the_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = model()
    monkeypatch.setattr(onnx_generator, "_BESIDE_FROM", 1000)
    bundle = exported(source(made), tmp_path / "b")
    assert bundle.manifest.files[DECODER + ".data"].bytes > bundle.manifest.files[DECODER].bytes
    runtimes = TorchRuntime(made, VOCABULARY), OnnxRuntime(bundle, VOCABULARY)
    by_torch, by_onnx = (decode(runtime, texts(9), ["ASL"])[0].rows for runtime in runtimes)
    assert by_onnx == by_torch


def test_the_embedding_is_stored_once(bundle: Bundle) -> None:
    """Rows that may be generated embed the last step and give the next one's logits."""
    graph = onnx.load(exported_without_words(bundle)).graph
    wide = [x.name for x in graph.initializer if list(x.dims) == [len(generated()), 64]]
    assert wide == ["embedding"]


def exported_without_words(bundle: Bundle) -> str:
    folder = bundle.folder.parent / "codes"
    return str(exported(source(model()), folder).file(DECODER))


def generated() -> set[int]:
    return set().union(*(VOCABULARY.allowed_rows(part) for part in PARTS))


def test_weights_are_never_read_from_outside_of_the_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_generator, "_BESIDE_FROM", 1000)
    folder = tmp_path / "b"
    exported(source(model()), folder)
    (folder / f"{DECODER}.data").rename(tmp_path / "outside.data")
    graph = onnx.load(folder / DECODER, load_external_data=False)
    for tensor in graph.graph.initializer:
        for entry in tensor.external_data:
            entry.value = "../outside.data" if entry.key == "location" else entry.value
    (folder / DECODER).write_bytes(graph.SerializeToString())
    manifest = Manifest("soke", "Test", ("ASL",), "none", "made by a test", {})
    bundle = write_manifest(folder, manifest, [path.name for path in folder.iterdir()])
    with pytest.raises(BundleError, match=r"generator_decoder\.onnx"):
        OnnxRuntime(bundle, VOCABULARY)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    bundle = exported(source(model()), tmp_path / "b")
    path = bundle.file(DECODER)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(BundleError, match=r"generator_decoder\.onnx in b can't be run"):
        OnnxRuntime(bundle, VOCABULARY)


def test_cuda_is_refused_where_it_is_missing(bundle: Bundle) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this build of ONNX Runtime has CUDA")
    with pytest.raises(BundleError, match="can't use cuda"):
        OnnxRuntime(bundle, VOCABULARY, "cuda")
