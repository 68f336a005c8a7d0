// Plots of a report: read values at the pointer, zoom by dragging, double click for the whole plot, and click a name to
// hide or show its line. A plot is an svg with one or more panels over the same x axis; each panel has
// data-box (left, top, width, height of its frame), data-x and data-y (first, last, logarithmic, step, whole) and
// data-units (x|y). Inside a frame, curves are drawn in the frame's own pixels, so a zoom moves and stretches them.
"use strict";
const SVG = "http://www.w3.org/2000/svg";
const PREFIXES = ["a", "f", "p", "n", "u", "m", "", "k", "M", "G", "T"];
const PLAIN = new Set(["dB", "dBOhm", "deg", "degC", "°C", "%", "σ", "V/V"]);
const LETTER = 6.4; // pixels of a wide letter
const SMALLEST = 8; // pixels: a shorter drag is a click

function quantity(value, unit, digits) {
  const plain = (number) => String(Number(number.toPrecision(digits)));
  if (value === 0 || PLAIN.has(unit)) return `${plain(value)} ${unit}`.trim();
  const size = Math.abs(Number(value.toPrecision(digits)));
  const power = Math.max(-18, Math.min(12, Math.floor(Math.log10(size) / 3 + 1e-9) * 3));
  return `${plain(value / 10 ** power)} ${PREFIXES[power / 3 + 6]}${unit}`.trim();
}

function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function axisOf(text) {
  const [first, last, log, step, whole] = text.split(",").map(Number);
  return { first, last, log, step, whole };
}

// the ends of what is shown, as places on the axis (logarithms on a logarithmic one)
function ends(axis, [low, high]) {
  const length = axis.last - axis.first;
  return [axis.first + length * low, axis.first + length * high];
}

// marks as [place, value], by the same rule as record/axis.py
function marks(axis, low, high) {
  if (axis.log && high - low > 3) {
    const first = Math.ceil(low - 1e-9), last = Math.floor(high + 1e-9), every = Math.max(1, Math.ceil((last - first) / 6));
    const found = [];
    for (let power = first; power <= last; power += every) found.push([power, 10 ** power]);
    return found;
  }
  if (axis.log && high - low > 0.7) {
    const found = [];
    for (let power = Math.floor(low) ; power <= high; power++)
      for (const factor of [1, 2, 5]) {
        const place = power + Math.log10(factor);
        if (place >= low - 1e-9 && place <= high + 1e-9) found.push([place, factor * 10 ** power]);
      }
    return found;
  }
  // within a fraction of a decade the marks of a logarithmic axis are those of a linear one
  const [from, to] = axis.log ? [10 ** low, 10 ** high] : [low, high];
  let step = 10 ** Math.floor(Math.log10((to - from) / 4));
  step *= [1, 2, 5, 10].find((factor) => (to - from) / (step * factor) <= 6) || 10;
  if (axis.step && to - from >= axis.step) step = axis.step * Math.max(1, Math.ceil((to - from) / axis.step / 12));
  if (axis.whole) step = Math.max(step, 1);
  const found = [];
  for (let count = Math.ceil(from / step - 1e-9); count * step <= to + 1e-9 * (to - from); count++) {
    const value = Number((count * step).toPrecision(10));
    found.push([axis.log ? Math.log10(value) : value, value]);
  }
  return found;
}

class Panel {
  constructor(group) {
    this.group = group;
    [this.left, this.top, this.width, this.height] = group.dataset.box.split(",").map(Number);
    this.x = axisOf(group.dataset.x);
    this.y = axisOf(group.dataset.y);
    [this.xUnit, this.yUnit] = group.dataset.units.split("|");
    this.frame = group.querySelector(".frame");
    this.ticks = group.querySelector(".ticks");
    this.curves = group.querySelector(".curves > g");
    this.whole();
  }

  whole() {
    this.xs = [0, 1];
    this.ys = [0, 1]; // shares of the frame from below
  }

  // pixels of the whole plot → pixels as zoomed
  px(x) { return (x - this.width * this.xs[0]) / (this.xs[1] - this.xs[0]); }
  py(y) { return (y - this.height * (1 - this.ys[1])) / (this.ys[1] - this.ys[0]); }

  draw() {
    const wide = 1 / (this.xs[1] - this.xs[0]), tall = 1 / (this.ys[1] - this.ys[0]);
    this.curves.setAttribute("transform", `matrix(${wide} 0 0 ${tall} ${this.px(0)} ${this.py(0)})`);
    this.drawTicks();
    this.group.querySelectorAll(".mark").forEach((mark) => {
      const [x, y] = mark.dataset.at.split(",").map(Number);
      const at = [mark.dataset.moves.includes("x") ? this.px(x) : x, mark.dataset.moves.includes("y") ? this.py(y) : y];
      const outside = at[0] < -1 || at[0] > this.width + 1 || at[1] < -1 || at[1] > this.height + 1;
      mark.style.visibility = outside ? "hidden" : "";
      mark.setAttribute("transform", `translate(${this.left + at[0]} ${this.top + at[1]})`);
      mark.querySelectorAll(".bar").forEach((bar) => {
        const end = Math.max(0, Math.min(this.height, this.py(Number(bar.dataset.to))));
        bar.setAttribute("y2", end - at[1]);
      });
    });
  }

  drawTicks() {
    this.ticks.replaceChildren();
    const [x0, x1] = ends(this.x, this.xs), [y0, y1] = ends(this.y, this.ys);
    const bottom = this.top + this.height, right = this.left + this.width;
    let end = -Infinity;
    for (const [place, value] of marks(this.x, x0, x1)) {
      const x = this.left + (this.width * (place - x0)) / (x1 - x0), label = quantity(value, this.xUnit, 5);
      const half = (LETTER * label.length) / 2;
      this.ticks.append(element("line", { x1: x, y1: this.top, x2: x, y2: bottom, class: "grid" }));
      if (x - half <= end) continue;
      end = x + half + 4;
      this.ticks.append(element("text", { x, y: bottom + 17, class: "tick", "text-anchor": "middle" }, label));
    }
    for (const [place, value] of marks(this.y, y0, y1)) {
      const y = this.top + this.height * (1 - (place - y0) / (y1 - y0));
      this.ticks.append(
        element("line", { x1: this.left, y1: y, x2: right, y2: y, class: "grid" }),
        element(
          "text",
          { x: this.left - 6, y: Math.min(y + 4, bottom), class: "tick", "text-anchor": "end" },
          quantity(value, this.yUnit, 5),
        ),
      );
    }
  }

  // the value of an axis at a share of the zoomed frame
  value(axis, range, share) {
    const [low, high] = ends(axis, range);
    const place = low + (high - low) * share;
    return axis.log ? 10 ** place : place;
  }

  // [name, value] of every shown line at x, in pixels of the zoomed frame
  read(x) {
    const whole = this.width * (this.xs[0] + (this.xs[1] - this.xs[0]) * (x / this.width));
    return [...this.curves.querySelectorAll("polyline:not(.off)")].flatMap((line) => {
      line.read ??= line.getAttribute("points").trim().split(" ").map((pair) => pair.split(",").map(Number));
      const after = line.read.findIndex((point) => point[0] >= whole);
      if (after < 0 || (after === 0 && line.read[0][0] > whole + 1)) return [];
      const [x1, y1] = line.read[after], [x0, y0] = line.read[Math.max(0, after - 1)];
      const y = x1 === x0 ? y1 : y0 + ((y1 - y0) * (whole - x0)) / (x1 - x0);
      return [[line.dataset.name, this.value(this.y, [0, 1], 1 - y / this.height)]];
    });
  }
}

function interactive(plot) {
  const panels = [...plot.querySelectorAll(".panel[data-box]")].map((group) => new Panel(group));
  if (!panels.length) return;
  const values = document.createElement("div");
  values.className = "read";
  values.textContent = "\u00a0";
  plot.after(values);
  const cursors = panels.map((panel) => panel.group.appendChild(element("line", { class: "cursor", visibility: "hidden" })));
  const box = element("rect", { class: "box", visibility: "hidden" });
  let drag = null;

  // the pointer in a panel's own pixels, and that panel
  function at(event) {
    for (const panel of panels) {
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(panel.group.getScreenCTM().inverse());
      const x = point.x - panel.left, y = point.y - panel.top;
      if (x >= 0 && x <= panel.width && y >= -30 && y <= panel.height + 20) return { panel, x, y };
    }
    return null;
  }

  function show(x) {
    const first = panels[0], lines = new Map();
    panels.forEach((panel, number) => {
      const line = { x1: panel.left + x, x2: panel.left + x, y1: panel.top, y2: panel.top + panel.height, visibility: "visible" };
      for (const [key, value] of Object.entries(line)) cursors[number].setAttribute(key, value);
      for (const [name, value] of panel.read(x))
        lines.set(name, [...(lines.get(name) || []), quantity(value, panel.yUnit, 4)]);
    });
    const at = document.createElement("b");
    at.textContent = quantity(first.value(first.x, first.xs, x / first.width), first.xUnit, 4);
    values.replaceChildren(at, ...[...lines].map(([name, found]) => {
      const part = document.createElement("span");
      part.textContent = `${lines.size > 1 ? name : ""} ${found.join(", ")}`;
      return part;
    }));
  }

  function zoom(from, to) {
    const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
    const [upper, lower] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
    if (right - left < SMALLEST && lower - upper < SMALLEST) return;
    const share = (range, low, high) => [range[0] + (range[1] - range[0]) * low, range[0] + (range[1] - range[0]) * high];
    if (right - left >= SMALLEST)
      for (const panel of panels) panel.xs = share(panel.xs, left / panel.width, right / panel.width);
    if (lower - upper >= SMALLEST)
      from.panel.ys = share(from.panel.ys, 1 - Math.min(lower, from.panel.height) / from.panel.height, 1 - Math.max(upper, 0) / from.panel.height);
    panels.forEach((panel) => panel.draw());
  }

  plot.addEventListener("pointermove", (event) => {
    const here = at(event);
    if (here) show(here.x);
    if (drag && here && here.panel === drag.panel) {
      const attributes = { x: drag.panel.left + Math.min(drag.x, here.x), y: drag.panel.top + Math.min(drag.y, here.y), width: Math.abs(drag.x - here.x), height: Math.abs(drag.y - here.y), visibility: "visible" };
      for (const [key, value] of Object.entries(attributes)) box.setAttribute(key, value);
      drag.panel.group.append(box);
    }
  });
  plot.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" && at(event)) show(at(event).x);
    if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest(".entry")) return;
    drag = at(event);
    if (drag) event.preventDefault();
  });
  window.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const here = at(event);
    box.setAttribute("visibility", "hidden");
    if (here && here.panel === drag.panel) zoom(drag, here);
    drag = null;
  });
  plot.addEventListener("dblclick", () => panels.forEach((panel) => { panel.whole(); panel.draw(); }));

  plot.querySelectorAll(".entry").forEach((entry) => {
    const toggle = () => {
      const off = entry.classList.toggle("off");
      entry.setAttribute("aria-pressed", String(!off));
      plot.querySelectorAll(`polyline[data-line="${entry.dataset.line}"], .mark[data-line="${entry.dataset.line}"]`)
        .forEach((line) => line.classList.toggle("off", off));
    };
    entry.setAttribute("tabindex", "0");
    entry.setAttribute("role", "button");
    entry.setAttribute("aria-pressed", String(!entry.classList.contains("off")));
    entry.addEventListener("click", toggle);
    entry.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      toggle();
    });
  });
}

document.querySelectorAll("svg.plot").forEach(interactive);
