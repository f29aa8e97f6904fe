"""The review page in a real browser: signs move, keys judge, verdicts are kept and can be merged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from headless import Page, browser

from engine.__main__ import main
from engine.lexicon.loader import load_language
from engine.review.merge import read_verdicts
from engine.review.records import records

pytestmark = pytest.mark.skipif(browser() is None, reason="needs Chromium")

PIXELS = """(() => {
  const c = DATA.signs[%d].canvas, p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
  let sum = 0, seen = 0;
  for (let k = 0; k < p.length; k += 4) { if (p[k + 3]) seen += 1; sum = (sum * 31 + p[k] + p[k + 1]) %% 1000003; }
  return [seen / (p.length / 4), sum];
})()"""
SAVED = """new Promise((done) => {
  URL.createObjectURL = (blob) => { blob.text().then(done); return '#'; };
  download();
})"""
CHOSEN = "[...document.querySelectorAll('.verdicts .on')].map((b) => b.textContent)"


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("review")
    assert main(["review", "-o", str(folder), "--signs", "HELLO", "MOTHER", "fs-A"]) == 0
    return folder / "review.html"


def test_a_reviewer_goes_through_signs_by_keyboard(html: Path, tmp_path: Path) -> None:
    with Page(html.as_uri(), tmp_path / "profile") as page:
        page.wait("document.body && document.body.dataset.ready")
        page.wait("DATA.signs[0].clip && DATA.signs[0].canvas.width > 1")

        page.run("setPaused(true); clock = 0.8; 1")
        page.run("new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))")
        covered, first = page.run(PIXELS % 0)
        assert 0.1 < covered < 0.8, "the avatar fills a part of the picture"
        page.run("clock = 1.2; new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))")
        assert page.run(PIXELS % 0)[1] != first, "the sign moves"
        page.press("m")
        page.run("new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))")
        assert page.run(PIXELS % 0)[0] > 0.1, "a left-hander is drawn too"

        page.press("a")
        assert page.run("document.activeElement.id") == "reviewer", "no verdict without a name"
        page.run("const n = document.getElementById('reviewer'); n.value = 'Anna'; n.blur()")
        page.run("n.dispatchEvent(new Event('input'))")
        page.press("a")
        page.press("w")
        page.ask("Input.insertText", text="thumb too low <b>")
        page.press("Escape")
        kept = json.loads(page.run(SAVED))
        page.run("window.isOld = true")
        page.run("location.reload()")
        page.wait("!window.isOld && document.body && document.querySelector('.verdicts .on')")
        assert page.run(CHOSEN) == ["Accept", "Needs work"]

    path = tmp_path / "verdicts.json"
    path.write_text(json.dumps(kept), encoding="utf-8")
    read = read_verdicts(path)
    known = {r.key: r.fingerprint for r in records(load_language("ASL"))}
    assert read.reviewer == "Anna"
    assert [(v.key, v.ruling, v.comment) for v in read.items] == [
        ("asl/HELLO", "accept", ""),
        ("asl/MOTHER", "work", "thumb too low <b>"),
    ]
    assert all(known[v.key] == v.fingerprint for v in read.items)
