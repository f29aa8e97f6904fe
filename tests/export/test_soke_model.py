"""The generator decodes as the published model does, quicker. Needs torch; elsewhere the file is skipped."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sentencepiece")
pytest.importorskip("safetensors")

from engine.soke.decoding import decode  # noqa: E402
from engine.soke.prompt import prompt  # noqa: E402
from engine.soke.runtime import Rows, fusion_weights, head_rows, text_input  # noqa: E402
from engine.soke.sampling import Constraint  # noqa: E402
from engine.soke.torch_runtime import TorchRuntime  # noqa: E402
from engine.soke.transformer import Transformer, TransformerConfig  # noqa: E402
from engine.soke.vocabulary import END, Vocabulary  # noqa: E402
from engine.tokenizer.features import CODES, PARTS  # noqa: E402
from engine.tokenizer.vqvae import VqVae, VqVaeConfig  # noqa: E402
from export.soke.unpickling import CheckpointError, load_tensors  # noqa: E402


class Letters:
    """A text tokenizer for the tests: a piece a letter."""

    def encode(self, text: str) -> list[int]:
        return [3 + ord(c) % 90 for c in text]

    def get_piece_size(self) -> int:
        return 100


def vocabulary() -> Vocabulary:
    return Vocabulary(Letters(), {i: i for i in range(130)}, CODES)


def model(seed: int = 0) -> Transformer:
    torch.manual_seed(seed)
    made = Transformer(TransformerConfig(vocabulary().rows, 32, 2, 3, 4, 64, 300))
    made.output_bias.normal_()
    return made.eval()


def runtime(seed: int = 0) -> TorchRuntime:
    return TorchRuntime(model(seed), vocabulary())


FORTY = Constraint(max_steps=40)
TEXTS = [("hello", "ASL"), ("a much longer sentence than that", "DGS"), ("", "CSL"), ("name", "ASL")]


def inputs() -> tuple[list[Rows], list[str]]:
    words = vocabulary()
    rows = [text_input(words.input_rows(text, language)) for text, language in TEXTS]
    return rows, [language for _, language in TEXTS]


@torch.inference_mode()
def plain(made: Transformer, rows: Rows, language: str, steps: int) -> list[list[int]]:
    """The same without a cache: the whole prefix anew for every step, as the published code does."""
    words = vocabulary()
    heads, fusion = head_rows(words), torch.tensor(fusion_weights())
    encoded = made.encode(torch.from_numpy(rows[None, :, 0]))
    sequence = [[words.sign_tag_row(language)] * 3]
    for _ in range(steps):
        state = made.decode(made.embed_output(torch.tensor([sequence]), fusion), encoded)[:, -1]
        logits = torch.nn.functional.linear(state, made.embedding.weight, made.output_bias)[0]
        step = [int(rows[logits[rows].argmax()]) for rows in heads]
        if step[0] == END:
            break
        sequence.append(step)
    return sequence[1:]


@pytest.mark.parametrize("seed", range(3))
def test_the_cache_changes_no_token(seed: int) -> None:
    made, (rows, languages) = runtime(seed), inputs()
    for one, language in zip(rows, languages, strict=True):
        decoded = decode(made, [one], [language], constraints=[FORTY])[0]
        assert [list(step) for step in zip(*decoded.rows.values(), strict=True)] == plain(made.model, one, language, 40)


@pytest.mark.parametrize("seed", range(3))
def test_each_text_of_a_batch_gets_what_it_gets_alone(seed: int) -> None:
    made, (rows, languages) = runtime(seed), inputs()
    together = decode(made, rows, languages, constraints=[FORTY] * len(rows))
    for one, language, decoded in zip(rows, languages, together, strict=True):
        assert decoded.rows == decode(made, [one], [language], constraints=[FORTY])[0].rows


def test_parts_generate_their_own_codes_specials_and_tags_only() -> None:
    words = vocabulary()
    allowed = [set(words.allowed_rows(part)) for part in PARTS]
    assert [len(rows) for rows in allowed] == [110, 206, 206]
    assert len(set.union(*allowed)) == 500


def test_a_code_token_that_a_user_types_is_no_code() -> None:
    words = vocabulary()
    begin = words.first_code["body"]
    typed = words.input_rows(prompt("<motion_id_7>", [], "ASL"), "ASL")
    retrieved = words.input_rows(prompt("", [("x", {part: [7] for part in PARTS})], "ASL"), "ASL")
    assert not [row for row in typed if row >= begin]
    assert begin + 7 in retrieved


def test_at_most_three_signs_of_ten_steps_are_retrieved() -> None:
    sign = {part: list(range(25)) for part in PARTS}
    text = prompt("x", [("a", sign)] * 5, "DGS")
    assert text.count("Schlüsselwort") == 3
    assert text.count("<motion_id_") == 30
    assert "<motion_id_0><hand_id_0><rhand_id_0><motion_id_2>" in text


def test_a_long_text_is_cut_and_keeps_its_end_and_tag() -> None:
    words = vocabulary()
    rows = words.input_rows("a" * 1000, "ASL")
    assert len(rows) == 256
    assert rows[-2:] == [END, words.source_tag_row("ASL")]


@pytest.mark.parametrize("frames", [4, 8, 40, 64, 400])
def test_the_tokenizer_has_a_code_for_every_four_frames(frames: int) -> None:
    torch.manual_seed(0)
    vae = VqVae(VqVaeConfig(45, 192, 32, 16)).eval()
    vae.quantizer.codebook.normal_()
    codes = vae.encode(torch.randn(2, frames, 45))
    assert codes.shape == (2, frames // 4)
    assert vae.decode(codes).shape == (2, frames, 45)


def test_the_nearest_code_is_found() -> None:
    vae = VqVae(VqVaeConfig(45, 192, 32, 16))
    vae.quantizer.codebook.normal_()
    wanted = torch.randint(0, 192, (3, 7))
    assert torch.equal(vae.quantizer.nearest(vae.quantizer.lookup(wanted) + 0.001), wanted)


ran: list[str] = []


def harm(what: str) -> None:
    """Stands for what an attacker would call."""
    ran.append(what)


class Harmful:
    """Calls a function when it is unpickled the usual way."""

    def __reduce__(self):
        return harm, ("everything",)


def test_nothing_in_a_checkpoint_runs(tmp_path: Path) -> None:
    ran.clear()
    path = tmp_path / "x.ckpt"
    torch.save({"state_dict": {"w": torch.ones(3)}, "hyper_parameters": Harmful()}, path)
    data = load_tensors(path)
    assert torch.equal(data["state_dict"]["w"], torch.ones(3))
    assert ran == []
    torch.load(path, weights_only=False)
    assert ran, "the file does harm when it is read carelessly"


@pytest.mark.parametrize("content", [b"", b"junk", pickle.dumps([1, 2])], ids=["empty", "junk", "list"])
def test_a_file_that_is_no_checkpoint_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.ckpt"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"x\.ckpt"):
        load_tensors(path)
