"use strict";
// Asks for what is new as often as the page is told to, while somebody looks, and shows it.

class Page {
  constructor() {
    const { uri, interval, tables } = document.body.dataset;
    this.uri = uri;
    this.tableOptions = tables;
    this.interval = Number(interval);
    this.events = [];
    this.lastEvent = 0;
    this.turns = 0;
    this.live = document.getElementById("live");
    this.picture = new Picture(document.getElementById("picture"));
    this.list = document.getElementById("events");
    this.list.replaceChildren();
    this.timeline = new Timeline(document.getElementById("lanes"), this.list);
    this.plots = new Plots(document.getElementById("plots"));
    this.timeline.addRanges(document.getElementById("ranges"), () => this.draw());
    for (const part of document.querySelectorAll("[data-script]")) part.hidden = false;
    new ResizeObserver(() => this.draw()).observe(document.getElementById("picture"));
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.turn(); });
  }

  async turn() {
    clearTimeout(this.timer);
    if (this.busy || document.hidden) return;
    this.busy = true;
    try {
      const answer = await this.ask(`;live;since=${this.lastEvent};after=${this.plots.latest()}`);
      this.take(await answer.json());
      if (this.turns++ % 2 === 1) await this.refreshTables();
      this.live.textContent = "live";
      this.live.classList.remove("stale");
    } catch (error) {
      this.live.textContent = `no answer since ${this.answered ? clockText(this.answered) : "the start"}`;
      this.live.classList.add("stale");
    }
    this.busy = false;
    if (this.interval > 0) this.timer = setTimeout(() => this.turn(), this.interval);
  }

  async ask(options) {
    // The page's own address may have a password in it, which fetch() refuses.
    const answer = await fetch(location.origin + this.uri + options, { cache: "no-store", signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer;
  }

  take(news) {
    // Numbers go on where they were unless another process answers.
    if (this.news && news.pid !== this.news.pid) return location.reload();
    this.answered = Date.now();
    news.now = Date.parse(news.time);
    for (const event of news.events) event.when = Date.parse(event.time);
    this.news = news;
    this.events.push(...news.events);
    this.events.splice(0, Math.max(0, this.events.length - 600));
    if (this.events.length > 0) this.lastEvent = this.events[this.events.length - 1].id;
    this.showVerdict(news.verdict);
    this.showFacts(news);
    this.plots.add(news.history);
    this.draw();
  }

  draw() {
    if (!this.news) return;
    this.picture.draw(this.news);
    this.timeline.draw(this.news, this.events);
  }

  showVerdict(verdict) {
    const place = document.getElementById("verdict");
    const level = verdict.points.length > 0 ? verdict.points[0].level : "good";
    place.className = `card verdict ${level}`;
    place.querySelector("h1").textContent = verdict.headline;
    place.querySelector("ul").replaceChildren(...verdict.points.map((point) => {
      const line = document.createElement("li");
      line.className = point.level;
      const text = document.createElement("b"), advice = document.createElement("span");
      text.textContent = point.text;
      advice.textContent = " " + point.advice;
      line.append(text, advice);
      return line;
    }));
    const tones = { good: "--good", warning: "--warn", bad: "--bad" };
    const dot = `<svg xmlns="${SVG}" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="${colour(tones[level])}"/></svg>`;
    document.querySelector("link[rel=icon]").href = "data:image/svg+xml," + encodeURIComponent(dot);
  }

  showFacts(news) {
    for (const fact of document.querySelectorAll("[data-fact]")) {
      const value = news[fact.dataset.fact];
      fact.textContent = fact.dataset.fact === "bytes_rate" ? bytesText(value) : value.toLocaleString("en");
    }
  }

  /** The table is the server's; it stays as it is while somebody has chosen servers in it. */
  async refreshTables() {
    const tables = document.getElementById("tables");
    const inUse = () => tables.querySelector("input:checked") || tables.contains(document.activeElement);
    if (inUse()) return;
    const answer = await this.ask(`;tables${this.tableOptions}`);
    const text = await answer.text();
    if (!inUse()) tables.innerHTML = text;
  }
}

new Page().turn();
