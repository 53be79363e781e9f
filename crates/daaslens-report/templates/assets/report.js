(function () {
"use strict";
// The page is complete without this script: it adds copying, sorting, filtering, and a closer look at the timeline.
var d = document, root = d.documentElement;
function all(selector, within) { return Array.prototype.slice.call((within || d).querySelectorAll(selector)); }
root.classList.add("js");

all("[data-copy]").forEach(function (button) {
  button.addEventListener("click", function () {
    var source = d.getElementById(button.dataset.copy);
    function done() { button.textContent = "Copied"; setTimeout(function () { button.textContent = "Copy"; }, 1600); }
    function select() {
      var range = d.createRange(); range.selectNodeContents(source);
      var selection = getSelection(); selection.removeAllRanges(); selection.addRange(range);
      try { if (d.execCommand("copy")) done(); } catch (e) { /* the text is selected: Ctrl+C does the rest */ }
    }
    if (navigator.clipboard && isSecureContext) navigator.clipboard.writeText(source.textContent).then(done, select);
    else select();
  });
});

all("table[data-sort]").forEach(function (table) {
  var body = table.tBodies[0], heads = all("thead th", table);
  heads.forEach(function (head, column) {
    if (head.dataset.x !== undefined) return;
    var button = d.createElement("button");
    button.type = "button"; button.textContent = head.textContent; head.textContent = ""; head.appendChild(button);
    button.addEventListener("click", function () {
      var up = head.getAttribute("aria-sort") === "descending";
      function value(row) { var cell = row.cells[column]; return cell.dataset.v !== undefined ? +cell.dataset.v : cell.textContent.trim(); }
      heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      Array.prototype.slice.call(body.rows).map(function (row, index) { return [value(row), index, row]; })
        .sort(function (a, b) { var order = a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0; return (up ? order : -order) || a[1] - b[1]; })
        .forEach(function (entry) { body.appendChild(entry[2]); });
    });
  });
});

all("input[data-for]").forEach(function (field) {
  field.addEventListener("input", function () {
    var wanted = field.value.toLowerCase();
    all("tbody tr", d.getElementById(field.dataset.for)).forEach(function (row) {
      row.hidden = wanted !== "" && row.textContent.toLowerCase().indexOf(wanted) < 0;
    });
  });
});

addEventListener("beforeprint", function () {
  all("details:not([open]):not(.chart-data)").forEach(function (it) { it.open = true; it.dataset.p = 1; });
});
addEventListener("afterprint", function () {
  all("details[data-p]").forEach(function (it) { it.open = false; delete it.dataset.p; });
});
function reveal() {
  var target = location.hash.length > 1 && d.getElementById(location.hash.slice(1));
  for (var it = target && target.parentElement; it; it = it.parentElement) if (it.tagName === "DETAILS") it.open = true;
}
addEventListener("hashchange", reveal); reveal();

if ("IntersectionObserver" in window) {
  var links = {};
  all("nav a").forEach(function (a) { links[a.getAttribute("href").slice(1)] = a; });
  var observer = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (!entry.isIntersecting) return;
      all("nav a.on").forEach(function (a) { a.classList.remove("on"); a.removeAttribute("aria-current"); });
      var link = links[entry.target.id];
      if (link) { link.classList.add("on"); link.setAttribute("aria-current", "true"); }
    });
  }, { rootMargin: "-10% 0px -80% 0px" });
  all("main section[id]").forEach(function (section) { observer.observe(section); });
}

var chart = d.getElementById("tl"), island = d.getElementById("tl-data");
if (!chart || !island) return;
var data = JSON.parse(island.textContent), bins = +chart.dataset.bins, from = 0, to = bins;
var plot = d.createElement("div"), line, brush, began = null;
var out = d.getElementById("tl-out"), whole = d.getElementById("tl-all"), idle = out.textContent;
plot.className = "plot"; plot.setAttribute("aria-hidden", "true");
line = plot.appendChild(d.createElement("i")); line.className = "cx";
brush = plot.appendChild(d.createElement("i")); brush.className = "bu";
chart.appendChild(plot);
// Letters are links and stay reachable above the layer that listens.
all(".lane .p", chart).slice(0, 1).forEach(function (first) { plot.style.top = first.getAttribute("height") + "px"; });

function pad(n) { return (n < 10 ? "0" : "") + n; }
function clock(bin, seconds) {
  var t = new Date((data.start + bin * data.bin) * 1000);
  var text = pad(t.getUTCHours()) + ":" + pad(t.getUTCMinutes());
  if (seconds) text += ":" + pad(t.getUTCSeconds());
  return bins * data.bin > 86400 ? t.toISOString().slice(5, 10) + " " + text : text;
}
function lasting(ms) { return ms < 0 || ms === undefined ? "–" : ms < 1000 ? ms + " ms" : (ms / 1000).toFixed(ms < 1e4 ? 1 : 0) + " s"; }
function grouped(n) { return String(n).replace(/\B(?=(\d{3})+$)/g, ","); }

function view(start, end) {
  from = Math.max(0, start); to = Math.min(bins, end);
  if (to - from < 2) { from = Math.max(0, from - 1); to = Math.min(bins, from + 2); }
  var width = to - from, full = width >= bins;
  function place(bin) { return (bin - from) / width * 100; }
  all("svg.d", chart).forEach(function (it) { it.setAttribute("viewBox", from + " 0 " + width + " " + it.dataset.h); });
  all("[data-a]", chart).forEach(function (it) {
    var a = +it.dataset.a, b = it.dataset.b === undefined ? a : +it.dataset.b, seen = b >= from && a <= to;
    it.style.display = seen ? "" : "none";
    if (!seen) return;
    var s = Math.max(a, from), e = Math.min(b, to);
    if (it.tagName === "rect") { it.setAttribute("x", place(s) + "%"); it.setAttribute("width", Math.max(place(e) - place(s), .35) + "%"); }
    else it.setAttribute("x", place(it.dataset.m ? (s + e) / 2 : a) + "%");
  });
  all(".tmp", chart).forEach(function (it) { it.remove(); });
  all(".tk", chart).forEach(function (it) { it.style.display = full ? "" : "none"; });
  all(".ax text:not(.tmp)", chart).forEach(function (it) { it.style.display = full ? "" : "none"; });
  if (!full) {
    var most = chart.clientWidth < 600 ? 4 : 10;
    var step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400, 604800]
      .map(function (s) { return s / data.bin; }).filter(function (s) { return s >= 1 && width / s <= most; })[0] || width / most;
    var offset = (data.start / data.bin) % step;
    for (var bin = Math.ceil((from + offset) / step) * step - offset; bin <= to; bin += step) mark(bin, place(bin) + "%", step * data.bin < 60);
  }
  whole.disabled = full;
}
function mark(bin, x, seconds) {
  all("svg.p", chart).forEach(function (lane) {
    var axis = lane.parentNode.classList.contains("ax"), it = d.createElementNS(lane.namespaceURI, axis ? "text" : "line");
    it.setAttribute("class", axis ? "x tmp" : "g tmp");
    if (axis) { it.setAttribute("x", x); it.setAttribute("y", 14); it.textContent = clock(bin, seconds); }
    else { it.setAttribute("x1", x); it.setAttribute("x2", x); it.setAttribute("y1", 0); it.setAttribute("y2", lane.getAttribute("height")); }
    lane.insertBefore(it, axis ? null : lane.firstChild);
  });
}
function at(event) { var box = plot.getBoundingClientRect(); return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)); }
plot.addEventListener("pointermove", function (event) {
  var share = at(event), bin = Math.min(bins - 1, Math.floor(from + share * (to - from))), slot = Math.floor(bin / data.wide);
  line.style.display = "block"; line.style.left = share * 100 + "%";
  out.textContent = clock(bin, data.bin < 60) + " UTC · " + grouped(data.n[bin]) + " requests · " + grouped(data.e[bin]) + " 5xx · p50 " +
    lasting(data.p[slot]) + " · p95 " + lasting(data.q[slot]) + " · " + grouped(data.f[bin]) + " in flight at most";
  if (began !== null) { brush.style.display = "block"; brush.style.left = Math.min(began, share) * 100 + "%"; brush.style.width = Math.abs(share - began) * 100 + "%"; }
});
plot.addEventListener("pointerleave", function () { line.style.display = "none"; out.textContent = idle; });
plot.addEventListener("pointerdown", function (event) { if (event.pointerType === "mouse") { began = at(event); plot.setPointerCapture(event.pointerId); } });
plot.addEventListener("pointerup", function (event) {
  if (began === null) return;
  var share = at(event), a = from + Math.min(began, share) * (to - from), b = from + Math.max(began, share) * (to - from);
  began = null; brush.style.display = "none";
  if (b - a >= 3) view(Math.floor(a), Math.ceil(b));
});
plot.addEventListener("dblclick", function () { view(0, bins); });
whole.addEventListener("click", function () { view(0, bins); });
all("[data-zoom]").forEach(function (button) {
  button.addEventListener("click", function () { var range = button.dataset.zoom.split(","); view(+range[0], +range[1]); });
});
})();
