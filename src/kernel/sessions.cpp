#include "kernel/sessions.h"

#include <algorithm>

#include "base/text.h"

namespace novip::kernel {

namespace {

/// So many more, or fewer.
void adjust(cluster::Gauge& gauge, int by) {
  for (; by > 0; --by) gauge.try_acquire();
  for (; by < 0; ++by) gauge.release();
}

/// The number that follows `word` in a line.
std::uint64_t number_after(std::string_view line, std::string_view word) {
  const auto at = line.find(word);
  if (at == line.npos) return 0;
  const auto rest = trim(line.substr(at + word.size()));
  return parse_number(rest.substr(0, rest.find(' '))).value_or(0);
}

bool serves(const Ruleset& ruleset, const Path& path) {
  return std::ranges::any_of(ruleset.services, [&](const Service& service) {
    return std::ranges::find(service.targets, path, &Target::path) != service.targets.end();
  });
}

}  // namespace

Sessions::~Sessions() {
  set_gauges({});
  for (const auto& [backend, held] : std::map(held_)) count_held(backend, 0);
}

Status Sessions::look() {
  auto flows = conntrack_.ours();
  if (!flows) return flows.error();
  flows_ = std::move(*flows);
  return Nothing{};
}

bool Sessions::none() const { return std::ranges::none_of(flows_, &Flow::open); }

std::uint32_t Sessions::highest_mark() const {
  std::uint32_t highest = mark_prefix;
  for (const auto& flow : flows_) highest = std::max(highest, flow.mark);
  return highest;
}

void Sessions::adopt(const Ruleset& ruleset, Marks& marks) const {
  for (const auto& flow : flows_)
    if (marks.is_foreign(flow.mark))
      if (const auto* target = find_target(ruleset, flow.at, flow.server))
        marks.adopt(flow.mark, target->path);
}

void Sessions::end(const Ruleset& ruleset, const Marks& marks, bool foreign) {
  for (const auto& flow : flows_) {
    if (!foreign && marks.is_foreign(flow.mark)) continue;
    const auto living = marks.living().find(flow.mark);
    if (living == marks.living().end())
      end(flow);
    else if (!flow.replied && !serves(ruleset, living->second))
      conntrack_.forget(flow);
  }
}

/// A socket of ours is destroyed while its packets are still translated, so that the other end gets
/// its reset. Of what goes through this machine both ends have to be told.
void Sessions::end(const Flow& flow) {
  const bool open = flow.replied && flow.open;
  bool told = open && resets_.destroy(flow.client, flow.at);
  told = (open && resets_.destroy(flow.server, flow.source)) || told;
  conntrack_.forget(flow);
  if (!open || told) return;
  resets_.provoke(flow.at, flow.client);
  resets_.provoke(flow.source, flow.server);
}

void Sessions::count(const Marks& marks) {
  std::map<Path, unsigned> now;
  for (const auto& flow : flows_) {
    const auto living = marks.living().find(flow.mark);
    if (flow.open && living != marks.living().end()) ++now[living->second];
  }
  set_gauges(now);
}

void Sessions::set_gauges(const std::map<Path, unsigned>& now) {
  const auto change = [this](const Path& path, int by) {
    adjust(load_.proxies[path.frontend].frontend_sessions, by);
    adjust(load_.proxies[path.backend].backend_sessions, by);
    adjust(load_.proxies[path.backend].servers[path.server].sessions, by);
  };
  for (const auto& [path, sessions] : counted_)
    if (!now.contains(path)) change(path, -static_cast<int>(sessions));
  for (const auto& [path, sessions] : now)
    change(path, static_cast<int>(sessions) - static_cast<int>(counted_[path]));
  counted_ = now;
}

void Sessions::count_held(std::size_t backend, unsigned held) {
  adjust(load_.proxies[backend].held, static_cast<int>(held) - static_cast<int>(held_[backend]));
  held_[backend] = held;
}

/// A table that was made again counts from 0.
void Sessions::count_traffic(std::string_view listing) {
  for (const auto& counter : parse_counters(listing)) {
    const auto parsed = parse_counter_name(counter.name);
    if (!parsed || parsed->second.frontend >= counters_.proxies.size() ||
        parsed->second.backend >= counters_.proxies.size())
      continue;
    const auto& [what, path] = *parsed;
    auto& frontend = counters_.proxies[path.frontend].frontend;
    auto& backend = counters_.proxies[path.backend];
    if (path.server >= backend.servers.size()) continue;
    auto& server = backend.servers[path.server];
    const std::uint64_t total = what == "sessions" ? counter.packets : counter.bytes;
    auto& before = totals_[counter.name];
    const std::uint64_t more = total >= before ? total - before : total;
    before = total;
    if (what == "sessions") {
      for (auto* sum : {&counters_.accepted, &frontend.connections, &frontend.sessions,
                        &backend.backend.sessions, &server.sessions, &server.selected,
                        &backend.backend.totals.sessions, &backend.backend.totals.selected})
        sum->add(more);
    } else if (what == "in") {
      for (auto* sum : {&frontend.bytes_in, &server.bytes_in, &backend.backend.totals.bytes_in})
        sum->add(more);
    } else {
      for (auto* sum : {&frontend.bytes_out, &server.bytes_out, &backend.backend.totals.bytes_out})
        sum->add(more);
    }
  }
}

std::vector<NamedCounter> parse_counters(std::string_view listing) {
  std::vector<NamedCounter> counters;
  for (const auto line : split(listing, '\n')) {
    const auto words = trim(line);
    if (words.starts_with("counter ")) {
      const auto name = words.substr(8);
      counters.push_back({std::string(name.substr(0, name.find(' '))), 0, 0});
    } else if (words.starts_with("packets ") && !counters.empty()) {
      counters.back().packets = number_after(words, "packets ");
      counters.back().bytes = number_after(words, "bytes ");
    }
  }
  return counters;
}

std::optional<std::pair<std::string, Path>> parse_counter_name(std::string_view name) {
  const auto parts = split(name, '.');
  if (parts.size() != 4 || (parts[0] != "sessions" && parts[0] != "in" && parts[0] != "out"))
    return std::nullopt;
  std::size_t numbers[3];
  for (std::size_t i = 0; i < 3; ++i) {
    const auto number = parse_number(parts[i + 1]);
    if (!number) return std::nullopt;
    numbers[i] = *number;
  }
  return std::pair(std::string(parts[0]), Path{numbers[0], numbers[1], numbers[2]});
}

}  // namespace novip::kernel
