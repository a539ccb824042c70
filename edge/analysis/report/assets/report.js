// The report: lists, timeline and player follow each other.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const find = id => document.getElementById(id);
const player = find("player");

function seek(seconds, play) {
  player.currentTime = Math.min(data.duration, Math.max(0, seconds));
  timeline.moveTo(player.currentTime);
  if (play) player.play().catch(() => {});
}

const timeline = new Timeline(find("timeline"), find("legend"), data, seek);
find("closer").addEventListener("click", () => timeline.zoom(0.5));
find("wider").addEventListener("click", () => timeline.zoom(2));

document.addEventListener("click", event => {
  const button = event.target.closest("button[data-at]");
  if (button) seek(Number(button.dataset.at), true);
});

const MOVES = { ArrowLeft: -5, ArrowRight: 5 };
document.addEventListener("keydown", event => {
  if (event.target.closest("input, audio, video") || event.ctrlKey || event.metaKey || event.altKey) return;
  const onList = event.target.closest("button, .long");
  if (event.key in MOVES) seek(player.currentTime + MOVES[event.key] * (event.shiftKey ? 12 : 1));
  else if (event.key === "Home" && !onList) seek(0);
  else if (event.key === "End" && !onList) seek(data.duration);
  else if (event.key === " " && !onList) player.paused ? player.play().catch(() => {}) : player.pause();
  else if (event.key === "+") timeline.zoom(0.5);
  else if (event.key === "-") timeline.zoom(2);
  else return;
  event.preventDefault();
});

// What is current: the last entry of each list that began.
const lists = [...document.querySelectorAll(".long")].map(list => {
  const rows = [...list.querySelectorAll("li")];
  return { list, rows, starts: rows.map(row => Number(row.dataset.start)), current: null };
});

function mark(seconds) {
  for (const entry of lists) {
    let low = 0, high = entry.starts.length;
    while (low < high) { const middle = (low + high) >> 1; entry.starts[middle] <= seconds ? low = middle + 1 : high = middle; }
    const row = entry.rows[low - 1];
    const current = row && Number(row.dataset.end) > seconds ? row : null;
    if (current === entry.current) continue;
    entry.current?.removeAttribute("aria-current");
    current?.setAttribute("aria-current", "true");
    entry.current = current;
    if (current && entry.list.id === "caption-list" && find("follow").checked && !current.hidden)
      entry.list.scrollTop = current.offsetTop - entry.list.offsetTop - entry.list.clientHeight / 3;
  }
}

function moved() {
  const at = player.currentTime;
  if (find("skip")?.checked && !player.paused) {
    const cut = data.removed.find(([start, end]) => start <= at && at < end - 0.05);
    if (cut) { player.currentTime = cut[1]; return; }
  }
  timeline.moveTo(at);
  find("here").textContent = `${clock(at)} of ${clock(data.duration)}`;
  mark(at);
}

function follow() {
  moved();
  if (!player.paused) requestAnimationFrame(follow);
}

player.addEventListener("play", follow);
for (const name of ["seeked", "timeupdate", "loadedmetadata"]) player.addEventListener(name, moved);
player.addEventListener("error", () => { find("missing").hidden = false; });
find("file").addEventListener("change", event => {
  player.src = URL.createObjectURL(event.target.files[0]);
  find("missing").hidden = true;
});
moved();

find("search")?.addEventListener("input", event => {
  const words = event.target.value.trim().toLowerCase();
  let count = 0;
  for (const row of find("caption-list").querySelectorAll("li")) {
    row.hidden = words !== "" && !row.textContent.toLowerCase().includes(words);
    count += !row.hidden;
  }
  find("matches").textContent = words ? `${count} found` : "";
});
