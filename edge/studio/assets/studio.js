// The quick-cut page. The server keeps the edit; the page shows its rows and asks for changes.
"use strict";

const find = id => document.getElementById(id);
const player = find("player"), list = find("rows");
const START = 0, END = 1, KIND = 2, TEXT = 3, REMOVED = 4, PIECES = 5;
const WORD = 2, MARK = 3, REASON = 4, GONE = 5;
const BLOCK = 50;
const state = { rows: [], boxes: [], cuts: [], row: 0, word: 0, from: 0, timeline: null, version: -1 };

async function ask(path, body) {
  const response = await fetch(path, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });
  const answer = await response.json().catch(() => ({ error: response.statusText }));
  if (!response.ok) { complain(answer.error); throw new Error(answer.error); }
  return answer;
}

function complain(what) { find("trouble").textContent = what; find("trouble").hidden = !what; }

// ---- rows

function drawn(row) {
  const box = document.createElement("div");
  const [start, , kind, text, removed, pieces] = row;
  box.className = `row${pieces.length ? "" : " gap"}`;
  box.role = "option";
  box.setAttribute("aria-selected", "false");
  const at = box.appendChild(document.createElement("time"));
  at.textContent = precise(start);
  const words = box.appendChild(document.createElement("span"));
  words.className = "words";
  if (!pieces.length) {
    const said = words.appendChild(document.createElement(removed ? "del" : "span"));
    said.className = removed ? "removed" : "";
    said.textContent = kind === "speech" ? text || "(no text)" : text || kind;
  }
  pieces.forEach(([, , word, mark, reason, gone], number) => {
    if (number) words.append(" ");
    const one = words.appendChild(document.createElement(gone ? "del" : "span"));
    one.className = `word ${mark}${gone ? " removed" : ""}`;
    one.dataset.word = number;
    one.textContent = word || "(um)";
    if (reason) one.title = reason;
  });
  const flip = box.appendChild(document.createElement("span"));  // for the mouse; Delete does the same
  flip.className = "flip"; flip.textContent = removed ? "↺" : "✕";
  flip.title = removed ? "Restore" : "Remove"; flip.setAttribute("aria-hidden", "true");
  return box;
}

// The boxes of rows lie in blocks, which the browser skips as long as they are out of view.
function splice({ at, delete: count, insert }) {
  const boxes = insert.map(drawn), gone = state.boxes.splice(at, count, ...boxes);
  state.rows.splice(at, count, ...insert);
  let block = (gone[0] || state.boxes[at - 1])?.parentElement;
  let before = gone.length ? gone.at(-1).nextSibling : block ? state.boxes[at - 1].nextSibling : null;
  if (gone.length && gone.at(-1).parentElement !== block) before = null;
  for (const box of gone) box.remove();
  for (const box of boxes) {
    if (!block || block.children.length >= 2 * BLOCK || (!before && block === list.lastChild && block.children.length >= BLOCK)) {
      const next = document.createElement("div");
      next.className = "block"; next.role = "presentation";
      while (before) { const moving = before; before = before.nextSibling; next.append(moving); }
      before = next.firstChild;
      block ? block.after(next) : list.append(next);
      block = next;
    }
    block.insertBefore(box, before);
  }
  for (const one of list.querySelectorAll(".block:empty")) one.remove();
}

function update(answer) {
  if (answer.version <= state.version) return;
  state.version = answer.version;
  if (answer.rows) { state.rows = []; state.boxes = []; list.replaceChildren(); splice({ at: 0, delete: 0, insert: answer.rows }); }
  else if (answer.splice) splice(answer.splice);
  state.cuts = answer.cuts;
  find("undo").disabled = !answer.canUndo; find("redo").disabled = !answer.canRedo;
  find("sum").textContent = `${clock(answer.kept)} stay, ${clock(answer.removed)} in ${answer.cuts.length} ${answer.cuts.length === 1 ? "cut" : "cuts"} go`;
  complain(answer.trouble);
  if (state.timeline) { state.timeline.data.removed = answer.cuts; state.timeline.draw(); }
  choose(state.row, state.word);
}

async function edit(body) { update(await ask("/api/edit", body)); }

// ---- selection: a row, a word of it, and the word at which a range of words began

function choose(row, word = 0, extend = false) {
  const count = state.rows.length;
  list.querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
  for (const one of list.querySelectorAll(".chosen")) one.classList.remove("chosen");
  list.removeAttribute("aria-activedescendant");
  if (!count) return;
  state.row = Math.min(count - 1, Math.max(0, row));
  const pieces = state.rows[state.row][PIECES];
  state.word = Math.min(Math.max(0, pieces.length - 1), Math.max(0, word));
  if (!extend) state.from = state.word;
  const box = state.boxes[state.row];
  box.setAttribute("aria-selected", "true");
  box.id ||= `row-${Math.random().toString(36).slice(2)}`;
  list.setAttribute("aria-activedescendant", box.id);
  for (const one of box.querySelectorAll(".word")) one.classList.toggle("chosen", inside(Number(one.dataset.word)));
  find("toggle").textContent = chosenAreGone() ? "Restore" : "Remove";
  const isCaption = pieces.length > 0 || state.rows[state.row][KIND] === "speech";
  find("edit").disabled = !isCaption;
  find("split").disabled = !(pieces.length && state.word > 0 && pieces[state.word][WORD]);
  find("merge").disabled = !(isCaption && state.rows.some((one, at) => at > state.row && one[KIND] === "speech"));
  find("selected").textContent = described();
}

const inside = word => word >= Math.min(state.from, state.word) && word <= Math.max(state.from, state.word);

function chosenSpans() {
  const row = state.rows[state.row];
  if (!row) return [];
  if (!row[PIECES].length) return [[row[START], row[END], row[REMOVED]]];
  return row[PIECES].filter((_, number) => inside(number)).map(one => [one[START], one[END], one[GONE]]);
}

const chosenAreGone = () => { const spans = chosenSpans(); return spans.length > 0 && spans.every(one => one[2]); };

function described() {
  const row = state.rows[state.row], piece = row[PIECES][state.word];
  const removed = chosenAreGone() ? ", removed" : "";
  if (!piece) return `${row[KIND]}, ${row[TEXT]}${removed}`;
  return `${piece[WORD] || "um"}${piece[MARK] === "speech" ? "" : `, ${piece[MARK]}`}${removed}`;
}

function toggle(spans = chosenSpans()) {
  if (!spans.length) return;
  edit({ type: spans.every(one => one[2]) ? "restore" : "remove", spans: spans.map(([start, end]) => [start, end]) });
}

const wholeRow = row => row[PIECES].length ? row[PIECES].map(one => [one[START], one[END], one[GONE]]) : [[row[START], row[END], row[REMOVED]]];

function reveal() {
  const box = state.boxes[state.row];
  const top = box.offsetTop - list.offsetTop;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + box.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + box.offsetHeight - list.clientHeight;
}

function correct() {
  const row = state.rows[state.row], box = state.boxes[state.row];
  if (find("edit").disabled || box.querySelector("input")) return;
  const words = box.querySelector(".words"), input = document.createElement("input");
  const before = [...words.childNodes];
  input.value = row[TEXT]; input.setAttribute("aria-label", "Text of the caption");
  words.replaceChildren(input); input.focus(); input.select();
  let over = false;
  const end = save => {
    if (over) return;
    over = true;
    words.replaceChildren(...before);
    list.focus();
    if (save && input.value !== row[TEXT]) edit({ type: "text", start: row[START], end: row[END], text: input.value });
  };
  input.addEventListener("keydown", event => {
    event.stopPropagation();
    if (event.key === "Enter") end(true);
    if (event.key === "Escape") end(false);
  });
  input.addEventListener("blur", () => end(true));
}

function split() {
  const row = state.rows[state.row];
  if (!find("split").disabled) edit({ type: "split", start: row[START], end: row[END], at: row[PIECES][state.word][START] });
}

function merge() {
  const row = state.rows[state.row];
  if (!find("merge").disabled) edit({ type: "merge", start: row[START], end: row[END] });
}

list.addEventListener("click", event => {
  const box = event.target.closest(".row");
  if (!box || event.target.matches("input")) return;
  const number = state.boxes.indexOf(box), word = event.target.closest(".word");
  if (event.target.closest(".flip")) { choose(number); toggle(wholeRow(state.rows[number])); return; }
  choose(number, word ? Number(word.dataset.word) : 0, event.shiftKey && number === state.row);
  const row = state.rows[number];
  seek(word ? row[PIECES][state.word][START] : row[START]);
});
list.addEventListener("dblclick", event => { if (event.target.closest(".word")) toggle(); });

list.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const row = state.rows[state.row];
  if (event.key === "ArrowDown") choose(state.row + 1);
  else if (event.key === "ArrowUp") choose(state.row - 1);
  else if (event.key === "PageDown") choose(state.row + 10);
  else if (event.key === "PageUp") choose(state.row - 10);
  else if (event.key === "Home") choose(0);
  else if (event.key === "End") choose(state.rows.length - 1);
  else if (event.key === "ArrowRight") choose(state.row, state.word + 1, event.shiftKey);
  else if (event.key === "ArrowLeft") choose(state.row, state.word - 1, event.shiftKey);
  else if (event.key === "Delete" || event.key === "Backspace") toggle();
  else if (event.key === "Enter") correct();
  else if (event.key === " ") { seek(row[PIECES][state.word]?.[START] ?? row[START]); play(); }
  else return;
  event.preventDefault(); event.stopPropagation();
  reveal();
});

// ---- playback

function seek(seconds) {
  player.currentTime = Math.max(0, seconds);
  moved(true);
}

function play() { player.paused ? player.play().catch(() => {}) : player.pause(); }

function moved(sought) {
  const at = player.currentTime;
  if (!player.paused && find("skip").checked) {
    const cut = state.cuts.find(([start, end]) => start <= at && at < end - 0.03);
    if (cut) { player.currentTime = cut[1]; return; }
  }
  state.timeline?.moveTo(at);
  find("here").textContent = clock(at);
  let low = 0, high = state.rows.length;
  while (low < high) { const middle = (low + high) >> 1; state.rows[middle][START] <= at + 0.001 ? low = middle + 1 : high = middle; }
  const box = state.boxes[low - 1];
  const playing = list.querySelector(".playing");
  if (box === playing) return;
  playing?.classList.remove("playing");
  box?.classList.add("playing");
  if (box && !player.paused && !sought) list.scrollTop = box.offsetTop - list.offsetTop - list.clientHeight / 3;
}

function follow() { moved(); if (!player.paused) requestAnimationFrame(follow); }
player.addEventListener("play", () => { find("play").textContent = "Pause"; follow(); });
player.addEventListener("pause", () => { find("play").textContent = "Play"; });
for (const name of ["seeked", "timeupdate"]) player.addEventListener(name, () => moved());
find("play").addEventListener("click", play);
find("closer").addEventListener("click", () => state.timeline.zoom(0.5));
find("wider").addEventListener("click", () => state.timeline.zoom(2));

// ---- tools

find("clean").addEventListener("click", () => edit({ type: "clean" }));
find("keep").addEventListener("click", () => edit({ type: "keep" }));
find("undo").addEventListener("click", () => edit({ type: "undo" }));
find("redo").addEventListener("click", () => edit({ type: "redo" }));
find("toggle").addEventListener("click", () => toggle());
find("edit").addEventListener("click", correct);
find("split").addEventListener("click", split);
find("merge").addEventListener("click", merge);

document.addEventListener("keydown", event => {
  if (event.target.closest("input, select")) return;
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key.toLowerCase() === "z") { find(event.shiftKey ? "redo" : "undo").click(); event.preventDefault(); return; }
  if (command || event.altKey || event.target.closest("button, audio, video, #rows")) return;
  const step = { ArrowLeft: -5, ArrowRight: 5 }[event.key];
  if (step) seek(player.currentTime + step * (event.shiftKey ? 12 : 1));
  else if (event.key === " ") play();
  else if (event.key === "+") state.timeline.zoom(0.5);
  else if (event.key === "-") state.timeline.zoom(2);
  else return;
  event.preventDefault();
});

find("search").addEventListener("input", event => {
  const words = event.target.value.trim().toLowerCase();
  let count = 0;
  state.rows.forEach((row, number) => {
    const hit = words === "" || row[TEXT].toLowerCase().includes(words);
    state.boxes[number].hidden = !hit;
    count += hit;
  });
  find("matches").textContent = words ? `${count} found` : "";
});

// ---- work that takes a while

let watching = false;
async function start(body) { await ask("/api/work", body); watch(); }

async function watch() {
  if (watching) return;
  watching = true;
  for (;;) {
    const tasks = await ask("/api/tasks");
    showTasks(tasks);
    if (tasks.every(task => task.state === "done" || task.state === "failed")) break;
    await new Promise(resolve => setTimeout(resolve, 300));
  }
  watching = false;
}

function showTasks(tasks) {
  const items = tasks.map(task => {
    const item = document.createElement("li");
    item.append(`${task.title}: `);
    if (task.state === "running" || task.state === "waiting") {
      const bar = item.appendChild(document.createElement("progress"));
      bar.max = 1; bar.value = task.share; bar.setAttribute("aria-label", task.title);
    } else if (task.state === "failed") item.append(task.error);
    else if (task.result.name) {
      const link = item.appendChild(document.createElement("a"));
      link.href = `/files/${encodeURIComponent(task.result.name)}`; link.textContent = task.result.file; link.download = "";
    }
    return item;
  });
  find("tasks").replaceChildren(...items);
  const music = tasks.filter(task => task.title === "Composing music" && task.state === "done").at(-1);
  if (music && find("music-player").dataset.name !== music.result.name) {
    find("music-player").dataset.name = music.result.name;
    find("music-player").src = `/files/${encodeURIComponent(music.result.name)}`;
    find("music-player").hidden = false;
    find("music-said").textContent = `${music.result.style}, ${music.result.tempo} beats per minute`;
    for (const button of find("music").querySelectorAll("button")) button.hidden = button.dataset.wishes === "";
  }
}

find("export").addEventListener("click", () => start({ type: "export", suffix: find("format").value }));
find("cut-songs").addEventListener("click", () => start({ type: "songs" }));
find("music").addEventListener("click", event => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("like" in button.dataset) start({ type: "music" });
  else start({ type: "compose", wishes: button.dataset.wishes ? [button.dataset.wishes] : [] });
});

function precise(seconds) { return `${clock(seconds)}.${Math.floor(seconds * 10) % 10}`; }

function showSongs(songs) {
  find("songs").replaceChildren(...songs.map(([start, end], number) => {
    const item = document.createElement("li"), button = item.appendChild(document.createElement("button"));
    const at = button.appendChild(document.createElement("time"));
    at.textContent = precise(start);
    button.append(`Song ${number + 1}, ${clock(end - start)} long`);
    button.addEventListener("click", () => { seek(start); player.play().catch(() => {}); });
    return item;
  }));
  if (!songs.length) find("songs").textContent = "No song was found.";
  find("cut-songs").hidden = !songs.length;
}

(async () => {
  const answer = await ask("/api/state");
  state.timeline = new Timeline(find("timeline"), find("legend"), answer.data, seek);
  showSongs(answer.data.songs);
  update(answer);
  watch();
})();
