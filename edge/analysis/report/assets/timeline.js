// A timeline of a recording: lanes drawn on a canvas, a position, a part that is shown. Times are seconds.
"use strict";

const LANES = [
  { name: "Frames", height: 48, draw: "frames" },
  { name: "Sound", height: 44, draw: "wave" },
  { name: "Labels", height: 16, draw: "labels" },
  { name: "Songs", height: 16, draw: "songs" },
  { name: "Captions", height: 10, draw: "captions" },
  { name: "Removed", height: 12, draw: "removed" },
  { name: "Cuts, beats", height: 16, draw: "ticks" },
  { name: "Faces", height: 12, draw: "faces" },
];
const GAP = 4, CLOSEST = 5;

class Timeline {
  // `data` is that of the page; `seek` is called with the seconds that are clicked or typed.
  constructor(box, legend, data, seek) {
    this.box = box; this.data = data; this.seek = seek;
    this.canvas = box.querySelector("canvas"); this.context = this.canvas.getContext("2d");
    this.levels = Uint8Array.from(atob(data.levels), letter => letter.charCodeAt(0));
    this.lanes = LANES.filter(lane => this.has(lane.draw));
    this.height = this.lanes.reduce((sum, lane) => sum + lane.height + GAP, GAP);
    this.images = data.frames.map(([seconds, source]) => {
      const image = new Image();
      image.addEventListener("load", () => this.draw());
      image.src = source;
      return { seconds, image };
    });
    this.position = 0; this.start = 0; this.end = data.duration;
    box.setAttribute("aria-valuemax", data.duration.toFixed(1));
    let top = GAP;
    for (const lane of this.lanes) {
      lane.top = top;
      const label = legend.appendChild(document.createElement("span"));
      label.textContent = lane.name;
      label.style.top = `${top + lane.height / 2 - 9}px`;
      top += lane.height + GAP;
    }
    legend.style.height = `${this.height}px`;
    this.listen();
    new ResizeObserver(() => this.draw()).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    this.moveTo(0);
  }

  has(draw) {
    const data = this.data;
    if (draw === "wave") return data.levels.length > 0;
    if (draw === "labels") return data.segments.length > 0;
    if (draw === "ticks") return data.cuts.length + data.beats.length > 0;
    return data[draw].length > 0;
  }

  listen() {
    let down = false;
    const at = event => {
      const bounds = this.box.getBoundingClientRect();
      const share = Math.min(1, Math.max(0, (event.clientX - bounds.left) / bounds.width));
      this.seek(this.start + share * (this.end - this.start));
    };
    this.box.addEventListener("pointerdown", event => { down = true; this.box.setPointerCapture(event.pointerId); at(event); });
    this.box.addEventListener("pointermove", event => { if (down) at(event); });
    this.box.addEventListener("pointerup", () => { down = false; });
    this.box.addEventListener("pointercancel", () => { down = false; });
    this.box.addEventListener("wheel", event => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.25 : 0.8);
    }, { passive: false });
  }

  // Show `factor` times as much, around the position.
  zoom(factor) {
    const length = Math.min(this.data.duration, Math.max(CLOSEST, (this.end - this.start) * factor));
    const share = (this.position - this.start) / Math.max(1e-9, this.end - this.start);
    this.show(this.position - Math.min(1, Math.max(0, share)) * length, length);
  }

  show(start, length) {
    this.start = Math.max(0, Math.min(start, this.data.duration - length));
    this.end = this.start + length;
    this.draw();
  }

  moveTo(position) {
    this.position = position;
    this.box.setAttribute("aria-valuenow", position.toFixed(1));
    this.box.setAttribute("aria-valuetext", clock(position));
    const length = this.end - this.start;
    if (position < this.start || position > this.end) this.show(position - length * 0.1, length);
    else this.draw();
  }

  draw() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => { this.asked = 0; this.paint(); });
  }

  paint() {
    const ratio = devicePixelRatio || 1, width = this.box.clientWidth;
    this.canvas.width = width * ratio; this.canvas.height = this.height * ratio;
    this.canvas.style.height = `${this.height}px`;
    const context = this.context, style = getComputedStyle(this.box);
    this.color = name => style.getPropertyValue(`--${name}`);
    this.scale = width / Math.max(1e-9, this.end - this.start);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, this.height);
    for (const lane of this.lanes) this[lane.draw](context, lane, width);
    context.fillStyle = this.color("mark");
    context.fillRect((this.position - this.start) * this.scale - 1, 0, 2, this.height);
  }

  // As many frames as fit side by side, each the one nearest to its middle.
  frames(context, lane, width) {
    const first = this.images[0].image;
    if (!first.naturalHeight) return;
    const step = lane.height * first.naturalWidth / first.naturalHeight;
    let at = 0;
    for (let x = 0; x < width; x += step) {
      const middle = this.start + (x + step / 2) / this.scale;
      while (at + 1 < this.images.length && Math.abs(this.images[at + 1].seconds - middle) <= Math.abs(this.images[at].seconds - middle)) at++;
      context.drawImage(this.images[at].image, x, lane.top, step, lane.height);
    }
  }

  wave(context, lane, width) {
    context.fillStyle = this.color("wave");
    const every = this.data.levelSeconds, middle = lane.top + lane.height / 2;
    for (let x = 0; x < width; x++) {
      const first = Math.floor((this.start + x / this.scale) / every);
      const last = Math.max(first + 1, Math.floor((this.start + (x + 1) / this.scale) / every));
      let level = 0;
      for (let at = first; at < last && at < this.levels.length; at++) level = Math.max(level, this.levels[at]);
      const height = Math.max(1, level / 255 * lane.height);
      context.fillRect(x, middle - height / 2, 1, height);
    }
  }

  spans(context, lane, spans, color) {
    context.fillStyle = color;
    for (const [start, end] of shown(spans, this.start, this.end))
      context.fillRect((start - this.start) * this.scale, lane.top, Math.max(1, (end - start) * this.scale), lane.height);
  }

  labels(context, lane) {
    for (const [start, end, label] of shown(this.data.segments, this.start, this.end)) {
      const left = (start - this.start) * this.scale, width = (end - start) * this.scale;
      context.fillStyle = this.color(this.data.labels[label]);
      context.fillRect(left, lane.top, Math.max(1, width - 0.5), lane.height);
      if (width > 52) {
        context.fillStyle = this.color("panel"); context.font = "11px system-ui, sans-serif";
        context.fillText(this.data.labels[label], Math.max(left, 0) + 4, lane.top + 12);
      }
    }
  }

  songs(context, lane) {
    this.spans(context, lane, this.data.songs, this.color("singing"));
    context.fillStyle = this.color("panel"); context.font = "11px system-ui, sans-serif";
    this.data.songs.forEach(([start, end], index) => {
      if ((end - start) * this.scale > 20) context.fillText(index + 1, Math.max(0, (start - this.start) * this.scale) + 4, lane.top + 12);
    });
  }

  captions(context, lane) { this.spans(context, lane, this.data.captions, this.color("speaking")); }
  removed(context, lane) { this.spans(context, lane, this.data.removed, this.color("removed")); }
  faces(context, lane) { this.spans(context, lane, this.data.faces, this.color("other")); }

  ticks(context, lane) {
    const ticks = (times, color, top, height) => {
      context.fillStyle = color;
      for (const time of times)
        if (time >= this.start && time <= this.end) context.fillRect((time - this.start) * this.scale, top, 1, height);
    };
    if (this.scale > 3) ticks(this.data.beats, this.color("soft"), lane.top + lane.height / 2, lane.height / 2);
    ticks(this.data.cuts, this.color("ink"), lane.top, lane.height / 2);
  }
}

// The spans of an ordered list that are at least partly between two times.
function* shown(spans, start, end) {
  for (const span of spans) {
    if (span[0] > end) return;
    if (span[1] >= start) yield span;
  }
}

function clock(seconds) {
  const whole = Math.floor(seconds), pad = number => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return (hours ? `${hours}:${pad(minutes)}` : `${minutes}`) + `:${pad(whole % 60)}`;
}
