// Cards, large view, drawing and keys of the review page.
"use strict";

// ---- one sign's description and buttons, for its card and for the large view

function about(sign) {
  const box = make("div", "about"), title = make("div", "title");
  title.append(make("h2", "", sign.gloss));
  if (sign.pos) title.append(make("span", "pos", sign.pos));
  title.append(make("span", `status${sign.reviewedBy ? " reviewed" : ""}`, sign.reviewedBy ? `reviewed by ${sign.reviewedBy}` : "unreviewed"));
  box.append(title, make("div", "words", sign.words.join(", ")));
  if (sign.sense) box.append(make("div", "sense", `sense: ${sign.sense}`));
  box.append(make("p", "description", sign.description));
  const verdicts = make("div", "verdicts");
  for (const [verdict, label] of Object.entries(LABELS)) {
    const button = make("button", "", label);
    button.dataset.verdict = verdict;
    button.addEventListener("click", () => judge(sign, verdictOf(sign).verdict === verdict ? "" : verdict));
    verdicts.append(button);
  }
  const note = make("textarea");
  note.placeholder = "Comment";
  note.maxLength = 2000;
  note.setAttribute("aria-label", `Comment on ${sign.gloss}`);
  note.addEventListener("input", () => comment(sign, note.value));
  box.append(verdicts, note);
  show(box, sign);
  return box;
}

function show(box, sign) {
  const { verdict, comment: text } = verdictOf(sign);
  for (const button of box.querySelectorAll("[data-verdict]")) button.classList.toggle("on", button.dataset.verdict === verdict);
  const note = box.querySelector("textarea");
  if (document.activeElement !== note) note.value = text;
}

function refresh(sign) {
  if (sign.card) show(sign.card, sign);
  if (state.large && state.shown[state.current] === sign) show($("stage"), sign);
  count();
}

function count() {
  const own = DATA.signs.filter((s) => verdictOf(s).verdict).length;
  const reviewed = DATA.signs.filter((s) => s.reviewedBy).length;
  $("summary").textContent =
    `${DATA.signs.length} signs, ${reviewed} reviewed so far; ${own} with your verdict, ${state.shown.length} shown`;
  $("done").style.width = `${(100 * own) / Math.max(DATA.signs.length, 1)}%`;
}

// ---- the cards

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) entry.target.sign.visible = entry.isIntersecting;
}, { rootMargin: "60px" });

function cardOf(sign) {
  if (sign.card) return sign.card;
  const card = make("article", "card"), picture = make("div", "picture");
  sign.canvas = make("canvas");
  sign.timeBar = make("div", "time");
  const enlarge = make("button", "enlarge", "⤢");
  enlarge.title = "Large view (Enter)";
  enlarge.addEventListener("click", (event) => { event.stopPropagation(); select(sign, false); enlargeCurrent(); });
  picture.append(sign.canvas, sign.timeBar, enlarge);
  if (sign.problem) picture.append(make("p", "problem", sign.problem));
  sign.camera = { yaw: 0, pitch: 0, zoom: 1 };
  turnable(picture, () => [sign]);
  card.append(picture, about(sign));
  card.addEventListener("pointerdown", () => select(sign, false));
  card.addEventListener("focusin", () => select(sign, false));
  card.sign = sign;
  sign.card = card;
  watcher.observe(card);
  return card;
}

// Dragging turns what `signs()` gives; a double-click turns it back.
function turnable(element, signs) {
  let from = null;
  element.addEventListener("pointerdown", (event) => {
    if (event.target.tagName === "BUTTON") return;
    from = [event.clientX, event.clientY];
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    if (!from) return;
    const way = state.mirrored ? -1 : 1;
    for (const sign of signs()) {
      sign.camera.yaw += (way * (event.clientX - from[0])) / 110;
      sign.camera.pitch = Math.min(1.2, Math.max(-1.2, sign.camera.pitch + (event.clientY - from[1]) / 160));
    }
    from = [event.clientX, event.clientY];
  });
  for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => { from = null; });
  element.addEventListener("dblclick", () => { for (const sign of signs()) Object.assign(sign.camera, { yaw: 0, pitch: 0 }); });
}

function matches(sign) {
  const query = $("search").value.trim().toLowerCase(), group = $("group").value, wanted = $("state").value;
  const { verdict } = verdictOf(sign);
  if (query && ![sign.gloss, ...sign.words].some((w) => w.toLowerCase().includes(query))) return false;
  if (group !== "all" && sign.group !== group) return false;
  if (wanted === "open") return !verdict;
  if (wanted === "unreviewed") return !sign.reviewedBy;
  return wanted === "all" || verdict === wanted;
}

function list() {
  const before = state.shown[state.current];
  state.shown = DATA.signs.filter(matches);
  $("cards").replaceChildren(...state.shown.map(cardOf));
  $("nothing").hidden = state.shown.length > 0;
  for (const sign of state.shown) show(sign.card, sign);
  state.current = -1;
  if (state.shown.length) select(state.shown.includes(before) ? before : state.shown[0], false);
  count();
}

function select(sign, scroll = true) {
  const at = state.shown.indexOf(sign);
  if (at < 0) return;
  const before = state.shown[state.current];
  if (before && before !== sign) before.card.classList.remove("current");
  state.current = at;
  sign.card.classList.add("current");
  if (scroll) sign.card.scrollIntoView({ block: "nearest", behavior: "smooth" });
  if (state.large) fillStage(sign);
}

function step(count_) {
  const to = Math.min(Math.max(state.current + count_, 0), state.shown.length - 1);
  if (to >= 0) select(state.shown[to]);
}

function across() {
  const tops = state.shown.map((s) => s.card.offsetTop);
  return Math.max(1, tops.filter((t) => t === tops[0]).length);
}

// ---- the large view

let stageSign = null;
function enlargeCurrent() {
  if (!state.shown.length) return;
  state.large = true;
  $("stage").hidden = false;
  fillStage(state.shown[state.current]);
}

function fillStage(sign) {
  if (stageSign === sign && !$("stage").hidden && $("stage").querySelector(".about")) return;
  stageSign = sign;
  $("stage").querySelector(".details").replaceChildren(about(sign));
}

function closeStage() {
  state.large = false;
  stageSign = null;
  $("stage").hidden = true;
}

// ---- drawing

const PAUSE_AFTER = 0.5;
const SIDE_YAW = 1.3;
let clock = 0, last = 0;

async function clipOf(sign) {
  if (!sign.clip && !sign.decoding) {
    sign.decoding = true;
    sign.clip = await Clip.decode(sign.motion, DATA.figure);
  }
  return sign.clip;
}

function fit(canvas) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
  if (width && height && (canvas.width !== width || canvas.height !== height)) Object.assign(canvas, { width, height });
  return canvas.width > 1;
}

function drawSign(sign, canvas, camera) {
  if (sign.problem) return;
  if (!sign.clip) {
    clipOf(sign);
    return;
  }
  if (!fit(canvas)) return;
  const span = sign.clip.seconds + PAUSE_AFTER, seconds = Math.min(clock % span, sign.clip.seconds);
  const pose = sign.clip.at(seconds);
  viewer.pose(pose.quaternions, pose.translation);
  viewer.draw(canvas, pose.face, camera, state.mirrored);
  sign.timeBar.style.width = `${(100 * seconds) / sign.clip.seconds}%`;
}

function turned(sign, view) {
  return { ...sign.camera, yaw: sign.camera.yaw + (view === "side" ? SIDE_YAW : 0) };
}

function frame(now) {
  if (!state.paused) clock += (state.speed * Math.min(now - last, 100)) / 1000;
  last = now;
  if (state.large) {
    const sign = state.shown[state.current];
    if (sign) {
      drawSign(sign, $("stage-front"), turned(sign, "front"));
      drawSign(sign, $("stage-side"), turned(sign, "side"));
    }
  } else {
    for (const sign of state.shown) {
      if (sign.visible) drawSign(sign, sign.canvas, turned(sign, state.view));
      else if (sign.canvas.width > 1) Object.assign(sign.canvas, { width: 1, height: 1 });
    }
  }
  requestAnimationFrame(frame);
}

// ---- controls

function setView(view) {
  state.view = view;
  for (const button of document.querySelectorAll("[data-view]")) button.classList.toggle("on", button.dataset.view === view);
}

function setPaused(paused) {
  state.paused = paused;
  $("pause").textContent = paused ? "Play" : "Pause";
}

function setSpeed(speed) {
  state.speed = Math.min(1.5, Math.max(0.1, speed));
  $("speed").value = state.speed;
  document.querySelector(".speed output").textContent = `${Math.round(state.speed * 100) / 100}×`;
}

function setMirrored(mirrored) {
  state.mirrored = mirrored;
  $("mirror").checked = mirrored;
}

function writeComment() {
  const home = state.large ? $("stage") : state.shown[state.current]?.card;
  home?.querySelector("textarea").focus();
}

const KEYS = {
  j: () => step(1), k: () => step(-1), ArrowRight: () => step(1), ArrowLeft: () => step(-1),
  ArrowDown: () => step(state.large ? 1 : across()), ArrowUp: () => step(state.large ? -1 : -across()),
  a: (sign) => judge(sign, "accept") && step(1),
  w: (sign) => judge(sign, "work") && writeComment(),
  r: (sign) => judge(sign, "reject") && writeComment(),
  u: (sign) => judge(sign, ""),
  c: writeComment,
  Enter: enlargeCurrent,
  f: () => setView(state.view === "front" ? "side" : "front"),
  m: () => setMirrored(!state.mirrored),
  " ": () => setPaused(!state.paused),
  ",": () => setSpeed(state.speed - 0.1), ".": () => setSpeed(state.speed + 0.1),
  "/": () => $("search").focus(),
  "?": () => $("keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    if (/^(TEXTAREA|INPUT)$/.test(document.activeElement.tagName)) document.activeElement.blur();
    else if (state.large) closeStage();
    return;
  }
  if (/^(TEXTAREA|INPUT|SELECT)$/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.tagName === "BUTTON" && (event.key === " " || event.key === "Enter")) return;
  if ($("keys").open) return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const sign = state.shown[state.current];
  if (!act || (!sign && act.length)) return;
  event.preventDefault();
  act(sign);
});

$("reviewer").addEventListener("input", () => {
  state.reviewer = $("reviewer").value;
  $("reviewer").closest("label").classList.remove("wanted");
  remember();
});
$("download").addEventListener("click", download);
$("load").addEventListener("change", () => { if ($("load").files[0]) load($("load").files[0]); $("load").value = ""; });
$("help").addEventListener("click", () => $("keys").showModal());
$("search").addEventListener("input", list);
$("group").addEventListener("change", list);
$("state").addEventListener("change", list);
$("mirror").addEventListener("change", () => setMirrored($("mirror").checked));
$("speed").addEventListener("input", () => setSpeed(Number($("speed").value)));
$("pause").addEventListener("click", () => setPaused(!state.paused));
for (const button of document.querySelectorAll("[data-view]")) button.addEventListener("click", () => setView(button.dataset.view));
$("stage").addEventListener("click", (event) => { if (event.target === $("stage")) closeStage(); });
for (const id of ["stage-front", "stage-side"]) turnable($(id), () => [state.shown[state.current]].filter(Boolean));

// ---- beginning

async function begin() {
  document.title = `Sign review: ${DATA.title}`;
  document.querySelector("h1").textContent = `${DATA.title}: sign review`;
  for (const [value, label] of [["all", "All signs"], ...DATA.groups.map((g) => [g, g])]) {
    const option = make("option", "", label);
    option.value = value;
    $("group").append(option);
  }
  recall();
  $("reviewer").value = state.reviewer;
  list();
  try {
    viewer = await Viewer.create(DATA.figure);
  } catch (error) {
    toast(`The signs can't be shown: ${error.message}`);
    return;
  }
  document.body.dataset.ready = "yes";
  requestAnimationFrame((now) => { last = now; requestAnimationFrame(frame); });
}

begin();
