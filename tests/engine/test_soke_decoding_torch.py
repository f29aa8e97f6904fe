"""The generator on torch: caches, batches, precisions and fixed shapes change no token. Needs torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
from table_runtime import small_vocabulary

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from safetensors.torch import save_file  # noqa: E402

from engine.bundle import Bundle, BundleError, Manifest, write_manifest  # noqa: E402
from engine.soke import torch_runtime as tested  # noqa: E402
from engine.soke.decoding import Variant, decode, decode_text  # noqa: E402
from engine.soke.runtime import Heads, Rows, RuntimeUnfit, fusion_weights, head_rows, text_input  # noqa: E402
from engine.soke.sampling import Constraint, Sampling  # noqa: E402
from engine.soke.torch_linear import FewRowsLinear, few_rows, half_weights, int8  # noqa: E402
from engine.soke.torch_runtime import TorchRuntime  # noqa: E402
from engine.soke.torch_sessions import Frames, StaticSession  # noqa: E402
from engine.soke.transformer import Transformer, TransformerConfig  # noqa: E402
from engine.soke.vocabulary import Vocabulary, sign_tags  # noqa: E402

WORDS = small_vocabulary(17, 19, sign_tags({"ASL": "en", "CSL": "zh", "DGS": "de"}, by_part=True))
LANGUAGES = ["ASL", "DGS", "CSL", "ASL"]
VARIANTS = get_args(Variant)
SAMPLINGS = [Sampling(), Sampling(temperature=1.2, top_k=8, seed=4), Sampling(beams=3)]
STEPS = Constraint(max_steps=20)


def model(seed: int = 0, vocabulary: Vocabulary = WORDS) -> Transformer:
    torch.manual_seed(seed)
    made = Transformer(TransformerConfig(vocabulary.rows, 32, 2, 3, 4, 64, 200))
    made.output_bias.normal_()
    return made.eval()


def inputs() -> list[Rows]:
    """Texts of unequal length, the second with a retrieved sign of fused codes."""
    every = [text_input(WORDS.input_rows(text, "ASL")) for text in ("hello", "how are you", "", "x")]
    sign = [[WORDS.first_code[part] + code for part in WORDS.sizes] for code in (3, 5, 16)]
    return [every[0], np.concatenate([np.array(sign), every[1]]), *every[2:]]


class StaticRuntime(TorchRuntime):
    """A processor that decodes as a GPU does: with fixed shapes, but without graphs."""

    def __init__(self, made: Transformer, vocabulary: Vocabulary) -> None:
        super().__init__(made, vocabulary)
        self._frames = Frames(self.model, self.fusion, graphs=False)


@torch.inference_mode()
def plain(made: Transformer, rows: Rows, start: list[int], heads: Callable[[int], list[int]], steps: int) -> list[Any]:
    """Logits of each position, the whole prefix anew for every one. heads: those that are read at a position."""
    fusion = torch.tensor(fusion_weights() if len(start) > 1 else (1.0,))
    encoded = made.encode_embedded(made.embed_input(torch.from_numpy(rows[None]), torch.tensor(fusion_weights())))
    allowed, sequence = head_rows(WORDS), [start]
    for position in range(steps):
        state = made.decode(made.embed_output(torch.tensor([sequence]), fusion), encoded)[0, -1]
        logits = made.embedding.weight @ state + made.output_bias
        sequence.append([int(allowed[head][logits[allowed[head]].argmax()]) for head in heads(position)])
    return sequence[1:]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", [TorchRuntime, StaticRuntime])
def test_caches_change_no_token_of_any_variant(seed: int, kind: type[TorchRuntime]) -> None:
    runtime, texts = kind(model(seed), WORDS), inputs()
    exact = Constraint(min_steps=12, max_steps=12)
    for rows, language in zip(texts[:2], LANGUAGES[:2], strict=True):

        def made(variant: Variant, rows: Rows = rows, language: str = language) -> list[list[int]]:
            return list(decode(runtime, [rows], [language], constraints=[exact], variant=variant)[0].rows.values())

        tags = [WORDS.sign_tag_row(language, part) for part in WORDS.sizes]
        fused = plain(model(seed), rows, tags[:1] * 3, lambda position: [0, 1, 2], 12)
        assert np.transpose(made("multihead")).tolist() == fused
        flat = plain(model(seed), rows, tags[:1], lambda position: [position % 3], 36)
        assert np.transpose(made("flatten")).tolist() == np.reshape(flat, (12, 3)).tolist()
        for head, own in enumerate(made("part")):
            alone = plain(model(seed), rows, [tags[head]], lambda position, head=head: [head], 12)
            assert own == np.reshape(alone, -1).tolist()


@pytest.mark.parametrize("kind", [TorchRuntime, StaticRuntime])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("sampling", SAMPLINGS, ids=["greedy", "sampled", "beams"])
def test_each_of_a_batch_gets_what_it_gets_alone(
    kind: type[TorchRuntime], variant: Variant, sampling: Sampling
) -> None:
    runtime, texts = kind(model(), WORDS), inputs()
    together = decode(runtime, texts, LANGUAGES, sampling, [STEPS] * 4, variant=variant)
    for rows, language, decoded in zip(texts, LANGUAGES, together, strict=True):
        alone = decode(runtime, [rows], [language], sampling, [STEPS], variant=variant)[0]
        assert decoded.rows == alone.rows
        assert np.allclose(decoded.log_probabilities, alone.log_probabilities, atol=1e-4, equal_nan=True)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("sampling", SAMPLINGS, ids=["greedy", "sampled", "beams"])
def test_fixed_shapes_give_what_growing_ones_give(variant: Variant, sampling: Sampling) -> None:
    fixed, growing = StaticRuntime(model(), WORDS), TorchRuntime(model(), WORDS)
    for texts in (inputs(), inputs()[1:3], inputs()):
        languages = LANGUAGES[: len(texts)]
        rules = [STEPS] * len(texts)
        pairs = [decode(r, texts, languages, sampling, rules, variant=variant) for r in (fixed, growing)]
        assert [d.rows for d in pairs[0]] == [d.rows for d in pairs[1]]


def test_two_batches_under_way_do_not_share_memory() -> None:
    runtime, texts = StaticRuntime(model(), WORDS), inputs()[:1]
    tag = np.full((1, 3), WORDS.sign_tag_row("ASL"))
    first, second = runtime.start(texts, 9), runtime.start(inputs()[3:], 9)
    wanted = [runtime.start(texts, 9).step(tag)[0]]
    assert np.array_equal(first.step(tag)[0], wanted[0])
    again = second.step(tag)[0]
    assert not np.array_equal(again, wanted[0])
    lone = runtime.start(texts, 9)
    lone.step(tag)
    assert np.array_equal(first.step(tag)[0], lone.step(tag)[0])


def test_memory_of_a_frame_is_used_again() -> None:
    runtime, kept = StaticRuntime(model(), WORDS), set()
    for _ in range(3):
        session = runtime.start(inputs()[:1], 9)
        assert isinstance(session, StaticSession)
        session.step(np.full((1, 3), WORDS.sign_tag_row("ASL")))
        kept.add(id(session._frame))
    assert len(kept) == 1


def test_a_graph_that_can_not_be_captured_is_told_and_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(frame: object) -> None:
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    monkeypatch.setattr("engine.soke.torch_sessions.Frame.capture", fails)
    runtime = StaticRuntime(model(), WORDS)
    runtime._frames = Frames(runtime.model, runtime.fusion, graphs=True)
    made = decode(runtime, inputs(), LANGUAGES, constraints=[STEPS] * 4)
    assert [d.rows for d in made] == [
        d.rows for d in decode(TorchRuntime(model(), WORDS), inputs(), LANGUAGES, constraints=[STEPS] * 4)
    ]
    assert "capturing" in runtime.note
    assert "more" not in runtime.note


@pytest.mark.parametrize("precision", ["float32", "bf16", "fp16", "int8"])
def test_logits_of_each_precision_are_near(precision: tested.Precision) -> None:
    bound = {"float32": 1e-5, "bf16": 0.15, "fp16": 0.005, "int8": 0.15}[precision]
    tag = np.full((4, 3), WORDS.sign_tag_row("ASL"))
    exact = TorchRuntime(model(), WORDS).start(inputs(), 5)
    near = TorchRuntime(model(), WORDS, precision=precision).start(inputs(), 5)
    for _ in range(5):
        for a, b in zip(exact.step(tag), near.step(tag), strict=True):
            assert np.abs(a - b).max() < bound * a.std()
            assert b.dtype == np.float32


@pytest.mark.parametrize("rows", [1, 2, 8, 64, 65, 200])
def test_reordered_weights_give_the_same_product(rows: int) -> None:
    torch.manual_seed(0)
    source = torch.nn.Linear(96, 160).requires_grad_(False)
    x = torch.randn(rows, 1, 96)
    with torch.inference_mode():
        assert torch.allclose(few_rows(source)(x), source(x), atol=1e-5)


def test_one_sentence_takes_no_second_copy_of_the_weights() -> None:
    runtime = TorchRuntime(model(), WORDS)
    decode(runtime, inputs()[1:2], ["ASL"], constraints=[STEPS])
    copies = [m._reordered for m in runtime.model.modules() if isinstance(m, FewRowsLinear)]
    assert copies
    assert all(copy is None for copy in copies)


@pytest.mark.parametrize(("make", "bound"), [(half_weights, 1e-3), (int8, 0.03)])
def test_quantized_products_are_near(make: Callable[..., Any], bound: float) -> None:
    torch.manual_seed(0)
    source = torch.nn.Linear(96, 160).requires_grad_(False)
    source.weight[3] = 0.0
    x = torch.randn(3, 1, 96)
    with torch.inference_mode():
        assert (make(source)(x) - source(x)).abs().max() < bound * 2


@pytest.mark.parametrize("heads", ["parts", "text"])
def test_logits_are_those_of_the_whole_output(heads: Heads) -> None:
    made = model()
    session = TorchRuntime(model(), WORDS).start(inputs()[:1], 3, heads)
    tag = WORDS.sign_tag_row("ASL")
    logits = session.step(np.array([[tag]]))
    with torch.inference_mode():
        encoded = made.encode(torch.from_numpy(inputs()[0][None, :, 0]))
        embedded = made.embed_output(torch.tensor([[[tag]]]), torch.ones(1))
        whole = made.embedding.weight @ made.decode(embedded, encoded)[0, -1] + made.output_bias
    for rows, own in zip(head_rows(WORDS, heads), logits, strict=True):
        assert np.allclose(own[0], whole[rows].numpy(), atol=1e-5)


def test_signs_become_words() -> None:
    runtime = TorchRuntime(model(), WORDS)
    together = decode_text(runtime, inputs(), "DGS", longest=12)
    for rows, decoded in zip(inputs(), together, strict=True):
        assert decoded.rows == decode_text(runtime, [rows], "DGS", longest=12)[0].rows


def test_a_text_token_is_embedded_as_it_is_and_codes_are_fused() -> None:
    made, weights = model(), torch.tensor(fusion_weights())
    embedded = made.embed_input(torch.tensor([[[7, 7, 7], [140, 150, 160]]]), weights)
    table, scale = made.embedding.weight, 32**0.5
    assert torch.equal(embedded[0, 0], table[7] * scale)
    assert torch.allclose(embedded[0, 1], (0.2 * table[140] + 0.4 * table[150] + 0.4 * table[160]) * scale)


@pytest.fixture
def bundle(tmp_path) -> Bundle:
    save_file(model().state_dict(), tmp_path / "generator.safetensors")
    sizes = {"width": 32, "encoder_layers": 2, "decoder_layers": 3, "heads": 4, "feed_forward": 64, "positions": 200}
    settings = {"vocabulary": WORDS.rows, **sizes, "fusion": 0.4, "steps": 100}
    manifest = Manifest("soke", "x", ("ASL",), "", "", {"generator": settings})
    return write_manifest(tmp_path, manifest, ["generator.safetensors"])


def test_a_bundle_is_loaded(bundle: Bundle) -> None:
    loaded = TorchRuntime.load(bundle, WORDS)
    assert loaded.name == "torch-cpu"
    assert loaded.note == ""
    a, b = (decode(r, inputs(), LANGUAGES, constraints=[STEPS] * 4) for r in (loaded, TorchRuntime(model(), WORDS)))
    assert [d.rows for d in a] == [d.rows for d in b]


def test_weights_that_do_not_fit_their_manifest_are_told(bundle: Bundle) -> None:
    bundle.manifest.model["generator"]["width"] = 64
    with pytest.raises(BundleError, match="generator"):
        TorchRuntime.load(bundle, WORDS)
    bundle.file("generator.safetensors").write_bytes(b"no tensors")
    with pytest.raises(BundleError, match="generator"):
        TorchRuntime.load(bundle, WORDS)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_lacking_gpu_is_told(bundle: Bundle) -> None:
    with pytest.raises(RuntimeUnfit, match="GPU"):
        TorchRuntime.load(bundle, WORDS, "cuda", "bf16")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_gpu_with_graphs_gives_what_the_processor_gives(bundle: Bundle, variant: Variant) -> None:
    gpu = TorchRuntime.load(bundle, WORDS, "cuda", "float32")
    for texts in (inputs(), inputs()[:1]):
        rules, languages = [STEPS] * len(texts), LANGUAGES[: len(texts)]
        a, b = (
            decode(r, texts, languages, constraints=rules, variant=variant) for r in (gpu, TorchRuntime(model(), WORDS))
        )
        assert [d.rows for d in a] == [d.rows for d in b]
    assert gpu.note == ""
