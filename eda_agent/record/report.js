// A cursor for each plot: a vertical line at the pointer, and below the plot the values of all curves there.
// data-box is the frame in the drawing's units, data-x and data-y are [first, last, 1 if logarithmic].
const PREFIXES = ["a", "f", "p", "n", "u", "m", "", "k", "M", "G", "T"];

function quantity(value) {
  if (value === 0) return "0";
  const exponent = Math.max(-18, Math.min(12, Math.floor(Math.log10(Math.abs(value)) / 3) * 3));
  return (value / 10 ** exponent).toPrecision(4) + PREFIXES[exponent / 3 + 6];
}

function onAxis([first, last, logarithmic], share) {
  const value = first + (last - first) * share;
  return logarithmic ? 10 ** value : value;
}

function nearest(curve, x) {
  const points = curve.getAttribute("points").split(" ").map((point) => point.split(",").map(Number));
  return points.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best));
}

document.querySelectorAll("svg.plot[data-box]").forEach((plot) => {
  const [left, top, width, height] = plot.dataset.box.split(",").map(Number);
  const xAxis = plot.dataset.x.split(",").map(Number);
  const yAxis = plot.dataset.y.split(",").map(Number);
  const values = document.createElement("div");
  values.className = "read";
  values.textContent = "\u00a0";
  plot.after(values);
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  line.setAttribute("class", "level");
  plot.append(line);
  plot.addEventListener("mousemove", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(plot.getScreenCTM().inverse());
    if (at.x < left || at.x > left + width) return;
    ["x1", "x2"].forEach((name) => line.setAttribute(name, at.x));
    line.setAttribute("y1", top);
    line.setAttribute("y2", top + height);
    const shown = [quantity(onAxis(xAxis, (at.x - left) / width))];
    plot.querySelectorAll("polyline").forEach((curve) => {
      const value = onAxis(yAxis, 1 - (nearest(curve, at.x)[1] - top) / height);
      shown.push((curve.dataset.name || "") + " " + quantity(value));
    });
    values.textContent = shown.join("   ");
  });
});
