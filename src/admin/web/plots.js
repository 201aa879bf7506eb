"use strict";
// Sessions, new sessions per second and replication lag of the last quarter of an hour (uPlot).

const PLOTS = [
  { plot: "sessions", title: "Sessions", unit: "" },
  { plot: "rate", title: "New sessions per second", unit: "/s" },
  { plot: "lag", title: "Replication lag in seconds", unit: " s" },
];
const MOST_POINTS = 900;
const SHORTEST = 60;  // seconds that a plot shows at least

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

class Plots {
  constructor(root) {
    this.root = root;
    this.times = [];
    this.series = [];
    this.charts = [];
    new ResizeObserver(() => this.resize()).observe(root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.build());
  }

  latest() {
    return this.times.length > 0 ? this.times[this.times.length - 1] * 1000 : 0;
  }

  add(history) {
    const name = (series) => `${series.plot} ${series.name}`;
    const same = history.series.length === this.series.length && history.series.every((series, index) => name(series) === name(this.series[index]));
    if (!same) {
      this.times = [];
      this.series = history.series.map((series) => ({ plot: series.plot, name: series.name, values: [] }));
    }
    this.times.push(...history.times.map((time) => time / 1000));
    history.series.forEach((series, index) => this.series[index].values.push(...series.values));
    const surplus = Math.max(0, this.times.length - MOST_POINTS);
    this.times.splice(0, surplus);
    for (const series of this.series) series.values.splice(0, surplus);
    if (!same) this.build();
    else for (const chart of this.charts) chart.plot.setData(this.data(chart.name));
  }

  data(plot) {
    const series = this.series.filter((one) => one.plot === plot);
    if (this.times.length < 2) {  // uPlot would show a whole day around a single point
      const span = Plots.span(null, this.times[0], this.times[0]);
      return [span, ...series.map((one) => [null, one.values[0] ?? null])];
    }
    return [this.times, ...series.map((one) => one.values)];
  }

  build() {
    this.root.replaceChildren();
    this.charts = [];
    for (const one of PLOTS) {
      const series = this.series.filter((candidate) => candidate.plot === one.plot);
      if (series.length === 0) continue;
      const card = document.createElement("section");
      card.className = "card";
      const title = document.createElement("h2");
      title.textContent = one.title;
      card.append(title);
      this.root.append(card);
      this.charts.push({ name: one.plot, card, plot: new uPlot(this.options(one, series, card), this.data(one.plot), card) });
    }
  }

  options(one, series, card) {
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 }, font: "11px system-ui, sans-serif" };
    return {
      width: this.width(card), height: 170, cursor: { y: false, points: { size: 6 } },
      scales: { x: { time: true, range: Plots.span }, y: { range: (plot, low, high) => [0, Math.max(1, (high || 0) * 1.15)] } },
      axes: [{ ...axis, space: 70, values: (plot, ticks) => Plots.tickTexts(ticks) },
        { ...axis, size: 46 }],
      series: [{ label: "at", value: (plot, time) => (time === null ? "now" : clockText(time * 1000)) },
        ...series.map((line, index) => ({
          label: line.name, stroke: colour(`--plot-${index % 5 + 1}`), width: 1.75, spanGaps: false, points: { show: false },
          value: (plot, value, order, at) => Plots.valueText(at === null ? line.values[line.values.length - 1] : value, one.unit),
        }))],
    };
  }

  static span(plot, first, last) {
    const end = last ?? Date.now() / 1000;
    return [Math.min(first ?? end, end - SHORTEST), end];
  }

  /** Seconds only where minutes would say the same twice. */
  static tickTexts(ticks) {
    const close = ticks.length > 1 && ticks[1] - ticks[0] < 60;
    return ticks.map((tick) => clockText(tick * 1000, close));
  }

  static valueText(value, unit) {
    if (value === null || value === undefined) return "–";
    return (Number.isInteger(value) ? String(value) : value.toFixed(2)) + unit;
  }

  width(card) {
    const style = getComputedStyle(card);
    return Math.max(200, card.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
  }

  resize() {
    for (const chart of this.charts) chart.plot.setSize({ width: this.width(chart.card), height: 170 });
  }
}
