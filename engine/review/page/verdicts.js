// What the review page knows and remembers: its signs, the reviewer, the verdicts.
"use strict";

const DATA = JSON.parse(document.getElementById("data").textContent);
const STORE = "signwright-review/" + DATA.languages.join("+");
const LABELS = { accept: "Accept", work: "Needs work", reject: "Reject" };
const $ = (id) => document.getElementById(id);

const state = {
  verdicts: {}, reviewer: "", view: "front", mirrored: false, speed: 1, paused: false, current: 0, shown: [], large: false,
};
let viewer = null;

// ---- small helpers

function make(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

let toastTimer = 0;
function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $("toast").hidden = true; }, 3500);
}

// ---- what is remembered

function remember() {
  try {
    localStorage.setItem(STORE, JSON.stringify({ reviewer: state.reviewer, verdicts: state.verdicts }));
  } catch (error) {
    toast("This browser keeps nothing for pages from a file: download your verdicts before you close the page.");
  }
}

function recall() {
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(STORE) || "null");
  } catch (error) {
    toast("This browser keeps nothing for pages from a file: download your verdicts before you close the page.");
  }
  if (!kept) return;
  state.reviewer = String(kept.reviewer || "");
  const changed = takeOver(Object.entries(kept.verdicts || {}).map(([key, v]) => ({ key, ...v })));
  if (changed) toast(`${changed} signs have changed since your verdict; they are open again.`);
}

// Takes verdicts whose sign is still the same; returns how many signs have changed.
function takeOver(list) {
  let changed = 0;
  for (const { key, verdict, comment, hash, at } of list) {
    const sign = byKey.get(key);
    if (!sign || !(verdict in LABELS || verdict === "")) continue;
    if (sign.hash !== hash) changed += 1;
    else state.verdicts[key] = { verdict, comment: String(comment || ""), hash, at: String(at || "") };
  }
  return changed;
}

const byKey = new Map(DATA.signs.map((sign) => [sign.key, sign]));

function verdictOf(sign) {
  return state.verdicts[sign.key] || { verdict: "", comment: "" };
}

function judge(sign, verdict) {
  if (verdict && !state.reviewer.trim()) {
    askName();
    return false;
  }
  const before = verdictOf(sign);
  state.verdicts[sign.key] = { verdict, comment: before.comment, hash: sign.hash, at: new Date().toISOString() };
  if (!verdict && !before.comment) delete state.verdicts[sign.key];
  remember();
  refresh(sign);
  return true;
}

function comment(sign, text) {
  state.verdicts[sign.key] = { ...verdictOf(sign), comment: text, hash: sign.hash, at: new Date().toISOString() };
  remember();
}

function askName() {
  const label = $("reviewer").closest("label");
  label.classList.add("wanted");
  $("reviewer").focus();
  toast("Please give your name first: it is kept with the signs that you accept.");
}

function download() {
  if (!state.reviewer.trim()) return askName();
  const verdicts = DATA.signs
    .filter((sign) => state.verdicts[sign.key])
    .map((sign) => ({ key: sign.key, ...state.verdicts[sign.key] }));
  if (!verdicts.length) return toast("There are no verdicts yet.");
  const file = {
    format: "signwright-verdicts", version: 1, reviewer: state.reviewer.trim(), made: new Date().toISOString(), verdicts,
  };
  const link = make("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
  link.download = `verdicts-${DATA.languages.join("-").toLowerCase()}-${file.made.slice(0, 10)}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  return toast(`${verdicts.length} verdicts downloaded.`);
}

async function load(file) {
  try {
    const read = JSON.parse(await file.text());
    if (read.format !== "signwright-verdicts" || !Array.isArray(read.verdicts)) throw new Error("no verdicts");
    const changed = takeOver(read.verdicts);
    if (!state.reviewer) $("reviewer").value = state.reviewer = String(read.reviewer || "");
    remember();
    list();
    toast(`${read.verdicts.length} verdicts read${changed ? `; ${changed} signs have changed since and are open again` : ""}.`);
  } catch (error) {
    toast("This file holds no verdicts of this page.");
  }
}
