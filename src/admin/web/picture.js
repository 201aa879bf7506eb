"use strict";
// Who is who, and where sessions go: backends on the left, nodes on the right, replication beyond.

const ROLE_WORDS = {
  primary: "read-write", standby: "read-only", sync: "read-only, sync", async: "read-only, async",
  any: "any node",
};

/** What is drawn as one: a cluster with its pools, or the plain backends with their servers. */
function pictureGroups(live) {
  const proxies = live.proxies.filter((proxy) => proxy.mode === "tcp");
  const frontends = proxies.filter((proxy) => proxy.frontend);
  const pools = proxies.filter((proxy) => proxy.backend && proxy.servers.length > 0).map((proxy) => {
    const doors = frontends.filter((front) => front.default_backend === proxy.name || front === proxy);
    const sum = (member) => doors.reduce((total, door) => total + door[member], 0);
    return {
      name: proxy.name, role: proxy.role, cluster: proxy.cluster, servers: proxy.servers,
      ports: doors.flatMap((door) => door.binds), sessions: sum("sessions"), rate: sum("rate"),
      held: proxy.held, queued: proxy.queued,
    };
  });
  const groups = live.clusters.map((cluster) => ({
    title: cluster.name, nodes: cluster.nodes.map(clusterNode),
    pools: pools.filter((pool) => pool.cluster === cluster.name),
  }));
  const plain = pools.filter((pool) => pool.cluster === undefined);
  if (plain.length > 0) groups.push({ title: "", nodes: plainNodes(plain), pools: plain });
  return groups;
}

function serves(server) {
  return server.usable && server.state !== "unknown";
}

function clusterNode(node) {
  const looks = { primary: "primary", standby: "standby", unavailable: "lost", foreign: "lost" };
  const behind = node.lag_ms > 5000 || node.lag_bytes > 16e6;
  const lag = [];
  if (node.lag_bytes !== null) lag.push(bytesText(node.lag_bytes));
  if (node.lag_ms >= 100) lag.push(`${(node.lag_ms / 1000).toFixed(1)} s`);
  const place = [node.address];
  if (node.timeline > 0) place.push(`timeline ${node.timeline}`);
  let third = node.remark;
  if (node.role === "primary") third = `WAL at ${node.lsn}`;
  if (node.role === "standby")
    third = [lag.length > 0 ? `${lag.join(", ")} behind` : "lag unknown", node.sync].filter(Boolean).join(" · ");
  return {
    name: node.name, look: looks[node.role] || "lost unsure", pill: node.role,
    lines: [place.join(" · "), third], upstream: node.role === "standby" ? node.upstream : null,
    lag: [lag.join(", "), node.sync].filter(Boolean), behind, hint: node.remark,
  };
}

/** Servers of one name are one machine, whatever backends know it. */
function plainNodes(pools) {
  const nodes = new Map();
  for (const pool of pools) {
    for (const server of pool.servers) {
      const node = nodes.get(server.name) || { name: server.name, address: server.address, states: [] };
      node.states.push({ pool: pool.name, state: server.state, check: server.remark });
      nodes.set(server.name, node);
    }
  }
  return [...nodes.values()].map((node) => {
    const has = (state) => node.states.some((one) => one.state === state);
    const [look, pill] = has("up") ? ["up", "up"]
      : has("drain") ? ["held-back", "drained"]
      : has("maint") ? ["held-back", "maintenance"]
      : has("unknown") ? ["unsure", "unknown"] : ["lost", "down"];
    const up = node.states.filter((one) => one.state === "up").map((one) => one.pool);
    const said = node.states.map((one) => one.check).find(Boolean) || "";
    return { name: node.name, look, pill, lag: [], lines: [node.address, up.length > 0 ? `up in ${up.join(", ")}` : said], hint: said };
  });
}

function pictureSizes(width, hasReplication) {
  if (width < 640) {
    const arc = hasReplication ? 30 : 4;
    const pool = Math.round(width * 0.31), node = Math.round(width * 0.45);
    return { pool, node, arc, gap: width - pool - node - arc, height: 82, poolHeight: 82, narrow: true };
  }
  const arc = hasReplication ? 140 : 10;
  const pool = 230, node = 290;
  return { pool, node, arc, gap: Math.min(width - pool - node - arc, 420), height: 84, poolHeight: 84 };
}

function drawCard(drawing, key, box, card) {
  const group = drawing.element(key, "g", { class: card.look });
  drawing.element(key + "/box", "rect", { class: "box", ...box, rx: 10 }, group);
  drawing.element(key + "/edge", "rect", { class: "edge", x: box.x, y: box.y + 10, width: 4, height: box.height - 20, rx: 2 }, group);
  const left = box.x + 14, room = box.width - 22;
  const pill = card.pill ? card.pill.length * 6.6 + 14 : 0;
  const pillBelow = pill > 0 && room < pill + card.name.length * 8.5;
  drawing.text(key + "/name", fitting(card.name, room - (pillBelow ? 0 : pill), 8.5), { class: "title", x: left, y: box.y + 23 }, group);
  if (card.pill) {
    const x = pillBelow ? left : box.x + box.width - pill - 9, y = pillBelow ? box.y + 31 : box.y + 9;
    drawing.element(key + "/pill", "rect", { class: "pill", x, y, width: pill, height: 19, rx: 9.5 }, group);
    drawing.text(key + "/pill-text", card.pill, { class: "pill-text", x: x + pill / 2, y: y + 13.5 }, group);
  }
  const lines = pillBelow ? card.lines.slice(-1) : card.lines;
  lines.forEach((line, index) => drawing.text(`${key}/line${index}`, fitting(line, room, 6.1), { class: "faint", x: left, y: box.y + (pillBelow ? 68 : 45) + 20 * index }, group));
  const hint = drawing.element(key + "/hint", "title", {}, group);
  hint.textContent = [card.name, ...card.lines, card.hint].filter(Boolean).join("\n");
}

/** Parts of "127.0.0.1:5432" that tell ports apart: on any address but one the port will do. */
function portText(address) {
  return address.startsWith("/") ? address : ":" + address.slice(address.lastIndexOf(":") + 1);
}

function poolCard(pool, narrow) {
  const ports = [...new Set(pool.ports.map(portText))].join(" ");
  const purpose = pool.role ? ROLE_WORDS[pool.role] : "";
  const waiting = pool.held + pool.queued;
  return {
    name: pool.name, look: waiting > 0 ? "pool wait" : "pool", pill: waiting > 0 ? counted(waiting, "waits", "wait") : "",
    lines: narrow ? [ports, `${pool.sessions.toLocaleString("en")} · ${pool.rate}/s`]
      : [[ports, purpose].filter(Boolean).join(" "), `${counted(pool.sessions, "session")} · ${pool.rate}/s`],
  };
}

class Picture {
  constructor(root) {
    this.root = root;
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.setAttribute("role", "img");
    root.append(this.svg);
    const marker = document.createElementNS(SVG, "marker");
    for (const [name, value] of Object.entries({ id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto-start-reverse", markerUnits: "userSpaceOnUse" }))
      marker.setAttribute(name, value);
    const tip = document.createElementNS(SVG, "path");
    tip.setAttribute("d", "M0 0 8 4 0 8z");
    tip.setAttribute("class", "arrow");
    marker.append(tip);
    this.svg.append(marker);
    this.drawing = new Drawing(this.svg);
  }

  draw(live) {
    const width = Math.max(280, this.root.clientWidth);
    this.drawing.begin();
    // Links first: cards lie on top of them.
    this.links = this.drawing.element("links", "g");
    let top = 2;
    for (const group of pictureGroups(live)) top = this.drawGroup(group, top, width) + 22;
    this.drawing.end();
    const height = Math.max(10, top - 20);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.setAttribute("aria-label", live.verdict.headline);
  }

  drawGroup(group, top, width) {
    const size = pictureSizes(width, group.nodes.some((node) => node.upstream));
    const key = `group ${group.title}`;
    const between = 18;
    const tall = (count, height) => count * height + Math.max(0, count - 1) * between;
    const whole = Math.max(tall(group.nodes.length, size.height), tall(group.pools.length, size.poolHeight));
    const left = Math.max(0, (width - size.pool - size.gap - size.node - size.arc) / 2);
    const nodeX = left + size.pool + size.gap;
    const first = (count, height) => top + (whole - tall(count, height)) / 2;
    const nodeY = new Map(group.nodes.map((node, index) => [node.name, first(group.nodes.length, size.height) + index * (size.height + between)]));
    group.pools.forEach((pool, index) => {
      const y = first(group.pools.length, size.poolHeight) + index * (size.poolHeight + between);
      const box = { x: left, y, width: size.pool, height: size.poolHeight };
      this.drawLinks(key, group, pool, index, box, nodeX, nodeY, size);
      drawCard(this.drawing, `${key}/pool ${pool.name}`, box, poolCard(pool, size.narrow));
    });
    for (const node of group.nodes) {
      drawCard(this.drawing, `${key}/node ${node.name}`, { x: nodeX, y: nodeY.get(node.name), width: size.node, height: size.height }, node);
      if (node.upstream && nodeY.has(node.upstream)) this.drawReplication(key, node, nodeX + size.node, nodeY, size);
    }
    return top + whole;
  }

  drawLinks(key, group, pool, index, box, nodeX, nodeY, size) {
    const ends = pool.servers.filter((server) => serves(server) || server.sessions > 0);
    ends.forEach((server, order) => {
      if (!nodeY.has(server.name)) return;
      const link = `${key}/link ${pool.name}/${server.name}`;
      const node = group.nodes.find((one) => one.name === server.name);
      const x1 = box.x + box.width, y1 = box.y + box.height * (order + 1) / (ends.length + 1);
      const y2 = nodeY.get(server.name) + size.height * (index + 1) / (group.pools.length + 1);
      const bend = size.gap / 2;
      const looks = ["link"];
      if (node.look === "primary") looks.push("to-primary");
      if (!serves(server)) looks.push("leaving");
      else if (server.sessions > 0) looks.push("flows");
      const thick = Math.min(7, 1.6 + Math.log2(1 + server.sessions) * 0.6);
      this.drawing.element(link, "path", { class: looks.join(" "), d: `M${x1} ${y1}C${x1 + bend} ${y1} ${nodeX - bend} ${y2} ${nodeX} ${y2}`, "stroke-width": thick.toFixed(1) }, this.links);
      const count = server.sessions.toLocaleString("en");
      const wide = count.length * 7 + 12, middle = nodeX - wide / 2 - (size.narrow ? 3 : 12);
      this.drawing.element(link + "/box", "rect", { class: "count-box", x: middle - wide / 2, y: y2 - 9, width: wide, height: 18, rx: 9 });
      this.drawing.text(link + "/count", count, { class: "count", x: middle, y: y2 + 4 });
    });
  }

  drawReplication(key, node, x, nodeY, size) {
    const arrow = `${key}/replication ${node.name}`;
    const from = nodeY.get(node.upstream) + size.height / 2, to = nodeY.get(node.name) + size.height / 2;
    const apart = Math.abs(to - from) / size.height;
    const depth = size.narrow ? Math.min(34, 12 + 12 * apart) : Math.min(88, 34 + 22 * apart);
    const side = from < to ? 1 : -1;
    const y1 = from + side * 14, y2 = to - side * 8;
    this.drawing.element(arrow, "path", { class: node.behind ? "replication behind" : "replication", d: `M${x + 2} ${y1}C${x + depth} ${y1} ${x + depth} ${y2} ${x + 3} ${y2}`, "marker-end": "url(#arrow)" });
    if (size.narrow) return;
    node.lag.forEach((line, index) => this.drawing.text(`${arrow}/lag${index}`, fitting(line, size.arc - 26, 6.6), { class: node.behind ? "lag behind" : "lag", x: x + 22, y: to + 2 + side * 20 + 15 * index }));
  }
}
