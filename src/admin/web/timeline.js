"use strict";
// What happened: a lane for each node's role (or each server's state), one for holds and cuts, and
// the latest events in words.

const RANGES = [["5 min", 300e3], ["15 min", 900e3], ["1 h", 3600e3], ["24 h", 86400e3]];

/** Lanes with the spans in which a node had a role. The first event of one tells where it begins to
 *  be known; one without any is what it is now. */
function timelineLanes(live, events) {
  const lanes = [];
  for (const cluster of live.clusters)
    for (const node of cluster.nodes)
      lanes.push({ name: node.name, subject: cluster.name, kind: "role", now: node.role, spans: [] });
  for (const proxy of live.proxies.filter((one) => one.backend && one.cluster === undefined))
    for (const server of proxy.servers)
      lanes.push({ name: `${proxy.name}/${server.name}`, member: server.name, subject: proxy.name, kind: "server", now: server.state, spans: [] });
  for (const lane of lanes) {
    const own = events.filter((event) => event.kind === lane.kind && event.subject === lane.subject && event.member === (lane.member || lane.name));
    const began = own.length > 0 ? -Infinity : live.now - live.uptime_ms;
    if (own.length === 0) lane.spans.push({ from: began, state: lane.now });
    for (const event of own) lane.spans.push({ from: event.when, state: event.state, text: event.text });
    lane.spans.forEach((span, index) => { span.to = index + 1 < lane.spans.length ? lane.spans[index + 1].from : live.now; });
  }
  return lanes;
}

/** From "begin" to "end" of each hold and alert. */
function timelineSpells(live, events, kind) {
  const open = new Map(), spells = [];
  for (const event of events.filter((one) => one.kind === kind)) {
    const key = event.subject + (kind === "alert" ? event.text.replace(/^over: /, "") : "");
    if (event.state === "begin") {
      open.set(key, { from: event.when, to: live.now, text: event.text });
      spells.push(open.get(key));
    } else {
      const spell = open.get(key) || { from: event.when };
      if (!open.has(key)) spells.push(spell);
      spell.to = event.when;
      spell.text = `${event.subject}: ${event.text}`;
      open.delete(key);
    }
  }
  return spells;
}

class Timeline {
  constructor(root, list) {
    this.root = root;
    this.list = list;
    this.range = RANGES[1][1];
    this.svg = document.createElementNS(SVG, "svg");
    root.append(this.svg);
    this.drawing = new Drawing(this.svg);
    this.shown = new Set();
  }

  addRanges(place, redraw) {
    for (const [label, range] of RANGES) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.setAttribute("aria-pressed", range === this.range);
      button.addEventListener("click", () => {
        this.range = range;
        for (const other of place.children) other.setAttribute("aria-pressed", other === button);
        redraw();
      });
      place.append(button);
    }
  }

  draw(live, events) {
    const width = Math.max(280, this.root.clientWidth);
    const lanes = timelineLanes(live, events);
    const longest = Math.max(6, ...lanes.map((lane) => lane.name.length));
    const left = Math.min(width * 0.3, longest * 7.4 + 8), end = live.now;
    const at = (when) => left + Math.max(0, (when - (end - this.range)) / this.range) * (width - left);
    this.drawing.begin();
    const bottom = 2 + (lanes.length + 1) * 25;
    this.drawAxis(at, end, bottom, width);
    lanes.forEach((lane, index) => this.drawLane(lane, 2 + index * 25, at, left, width));
    this.drawSessions(live, events, 2 + lanes.length * 25, at, left, width);
    this.drawing.end();
    this.svg.setAttribute("viewBox", `0 0 ${width} ${bottom + 18}`);
    this.tell(events);
  }

  drawAxis(at, end, bottom, width) {
    const steps = [60e3, 300e3, 900e3, 3600e3, 6 * 3600e3].filter((one) => this.range / one <= (width < 560 ? 5 : 7));
    const step = steps[0] || this.range / 4;
    for (let when = Math.ceil((end - this.range) / step) * step; when < end; when += step) {
      const x = at(when);
      this.drawing.element(`tick ${when}`, "line", { class: "grid", x1: x, x2: x, y1: 0, y2: bottom });
      if (x < width - 18) this.drawing.text(`time ${when}`, clockText(when, false), { x: x - 15, y: bottom + 14 });
    }
  }

  drawLane(lane, y, at, left, width) {
    const key = `lane ${lane.subject} ${lane.name}`;
    this.drawing.text(key, fitting(lane.name, left - 6, 7.2), { class: "lane-name", x: 0, y: y + 15 });
    this.drawing.element(key + "/all", "rect", { class: "lane", x: left, y: y + 3, width: width - left, height: 17, rx: 4 });
    lane.spans.forEach((span) => {
      const x1 = at(span.from), x2 = at(span.to);
      if (x2 - x1 < 0.2) return;
      const rect = this.drawing.element(`${key}/${span.from}`, "rect", { class: span.state, x: x1.toFixed(1), y: y + 3, width: Math.max(2, x2 - x1).toFixed(1), height: 17, rx: 3 });
      this.hint(`${key}/${span.from}`, rect, `${lane.name}: ${span.state} since ${clockText(Math.max(0, span.from))}${span.text ? "\n" + span.text : ""}`);
    });
  }

  drawSessions(live, events, y, at, left, width) {
    const mark = (key, look, from, to, text) => {
      const x1 = at(from), x2 = at(to);
      if (x2 <= left) return;
      const rect = this.drawing.element(key, "rect", { class: look, x: x1.toFixed(1), y: y + 3, width: Math.max(4, x2 - x1).toFixed(1), height: 17, rx: 2 });
      this.hint(key, rect, text);
    };
    this.drawing.text("sessions", "clients", { class: "lane-name", x: 0, y: y + 15 });
    this.drawing.element("sessions/all", "rect", { class: "lane", x: left, y: y + 3, width: width - left, height: 17, rx: 4 });
    timelineSpells(live, events, "alert").forEach((spell, index) => mark(`alert ${index}`, "alert", spell.from, spell.to, spell.text));
    timelineSpells(live, events, "hold").forEach((spell, index) => mark(`hold ${index}`, "hold", spell.from, spell.to, spell.text));
    for (const event of events.filter((one) => one.kind === "cut"))
      mark(`cut ${event.id}`, "cut", event.when, event.when, `${event.subject}: ${event.text}`);
  }

  hint(key, parent, text) {
    const title = this.drawing.element(key + "/hint", "title", {}, parent);
    if (title.textContent !== text) title.textContent = text;
  }

  /** New events go on top of the list, which the server began. */
  tell(events) {
    for (const event of events) {
      if (this.shown.has(event.id)) continue;
      this.shown.add(event.id);
      this.list.prepend(eventLine(event));
    }
    while (this.list.children.length > 200) this.list.lastElementChild.remove();
  }
}

function eventLine(event) {
  const line = document.createElement("li");
  const severity = event.severity <= 3 ? "s-alert" : event.severity === 4 ? "s-warning" : "";
  line.className = `k-${event.kind} ${severity}`;
  const time = document.createElement("time");
  time.dateTime = new Date(event.when).toISOString();
  time.title = time.dateTime;
  const today = new Date().toDateString() === new Date(event.when).toDateString();
  time.textContent = today ? clockText(event.when) : time.dateTime.slice(5, 10) + " " + clockText(event.when, false);
  const text = document.createElement("span");
  const about = ["cut", "hold"].includes(event.kind) ? event.subject + ": " : "";
  text.textContent = about + event.text;
  line.append(time, text);
  return line;
}
