#include "admin/page_orders.h"

#include <algorithm>
#include <span>

#include "base/text.h"

namespace novip::admin {

namespace {

using cluster::Roster;

struct Action {
  PageAction choice;
  /// Whether it was accepted.
  bool (*run)(Roster& roster, std::size_t proxy, std::size_t server, TimePoint now);
};

template <Roster::SetState state>
bool set_state(Roster& roster, std::size_t proxy, std::size_t server, TimePoint now) {
  roster.set_state(proxy, server, state, now);
  return true;
}

template <bool enabled>
bool set_checks(Roster& roster, std::size_t proxy, std::size_t server, TimePoint) {
  return static_cast<bool>(roster.set_checks(proxy, server, enabled));
}

template <bool enabled>
bool set_agent(Roster& roster, std::size_t proxy, std::size_t server, TimePoint) {
  return static_cast<bool>(roster.set_agent(proxy, server, enabled));
}

bool run_up(Roster& roster, std::size_t proxy, std::size_t server, TimePoint now) {
  return static_cast<bool>(roster.set_health(proxy, server, "up", now));
}
bool run_stopping(Roster& roster, std::size_t proxy, std::size_t server, TimePoint now) {
  return static_cast<bool>(roster.set_health(proxy, server, "stopping", now));
}
bool run_down(Roster& roster, std::size_t proxy, std::size_t server, TimePoint now) {
  return static_cast<bool>(roster.set_health(proxy, server, "down", now));
}
bool agent_up(Roster& roster, std::size_t proxy, std::size_t server, TimePoint now) {
  return static_cast<bool>(roster.set_agent_health(proxy, server, "up", now));
}
bool agent_down(Roster& roster, std::size_t proxy, std::size_t server, TimePoint now) {
  return static_cast<bool>(roster.set_agent_health(proxy, server, "down", now));
}

bool shut_down(Roster& roster, std::size_t proxy, std::size_t server, TimePoint) {
  roster.shutdown_sessions(proxy, server, cluster::Cut::by_admin);
  return true;
}

// HAProxy's words, labels and order (stats.c).
constexpr Action actions[] = {
    {{"ready", "Set state to READY"}, set_state<Roster::SetState::ready>},
    {{"drain", "Set state to DRAIN"}, set_state<Roster::SetState::drain>},
    {{"maint", "Set state to MAINT"}, set_state<Roster::SetState::maint>},
    {{"dhlth", "Health: disable checks"}, set_checks<false>},
    {{"ehlth", "Health: enable checks"}, set_checks<true>},
    {{"hrunn", "Health: force UP"}, run_up},
    {{"hnolb", "Health: force NOLB"}, run_stopping},
    {{"hdown", "Health: force DOWN"}, run_down},
    {{"dagent", "Agent: disable checks"}, set_agent<false>},
    {{"eagent", "Agent: enable checks"}, set_agent<true>},
    {{"arunn", "Agent: force UP"}, agent_up},
    {{"adown", "Agent: force DOWN"}, agent_down},
    {{"shutdown", "Kill Sessions"}, shut_down},
};

/// The words of older pages, which scripts may still have.
std::string_view present_word(std::string_view word) {
  if (word == "enable" || word == "start") return "ready";
  if (word == "disable") return "maint";
  return word == "stop" ? "drain" : word;
}

const Action* find_action(std::string_view word) {
  const auto* const found = std::ranges::find(
      actions, present_word(word), [](const Action& action) { return action.choice.word; });
  return found == std::end(actions) ? nullptr : found;
}

void tell(const Statistics& statistics, const std::string& who, const Action& action,
          const cluster::ProxyState& proxy, const std::string& server) {
  const auto& process = statistics.process();
  const std::string text =
      who + ": " + std::string(action.choice.label) + " for " + proxy.settings->name + "/" + server;
  if (process.notice) process.notice(Severity::notice, "Statistics page, " + text);
  if (process.events)
    process.events->add({.kind = Event::Kind::order,
                         .subject = proxy.settings->name,
                         .member = server,
                         .state = std::string(action.choice.word),
                         .text = text});
}

constexpr std::pair<std::string_view, std::string_view> sentences[] = {
    {"DONE", "Action processed successfully."},
    {"NONE", "Nothing has changed."},
    {"PART", "Action partially processed: some server names are unknown, or refused it."},
    {"ERRP",
     "Action not processed because of invalid parameters: an unknown action, backend or "
     "server, or one that the server does not take."},
    {"DENY", "Action denied."},
};

constexpr std::span<const Action> all_actions = actions;

}  // namespace

std::span<const PageAction> page_actions() {
  static const auto choices = [] {
    std::array<PageAction, all_actions.size()> list;
    std::ranges::transform(actions, list.begin(), &Action::choice);
    return list;
  }();
  return choices;
}

std::optional<std::size_t> find_backend(const Roster& roster, std::string_view text) {
  const auto number = text.starts_with('#') ? parse_number(text.substr(1)) : std::nullopt;
  std::optional<std::size_t> retired;
  for (std::size_t i = 0; i < roster.proxies().size(); ++i) {
    const auto& settings = *roster.proxies()[i].settings;
    if (!settings.is_backend() || roster.gone(i)) continue;
    if (number ? settings.id != *number : settings.name != text) continue;
    if (!settings.retired) return i;
    if (!retired) retired = i;
  }
  return retired;
}

std::string_view code_of(OrderResult result) {
  return sentences[static_cast<std::size_t>(result)].first;
}

std::string_view sentence_of(std::string_view code) {
  for (const auto& [name, sentence] : sentences)
    if (name == code) return sentence;
  return "";
}

OrderResult carry_out(const Statistics& statistics, const Scope& scope, const PageOrder& order,
                      const std::string& who, TimePoint now) {
  auto& roster = statistics.roster();
  const Action* const action = find_action(order.action);
  const auto proxy = find_backend(roster, order.backend);
  if (!action || !proxy || !scope.has_proxy(roster.proxies()[*proxy].settings->name))
    return OrderResult::invalid;
  std::size_t accepted = 0;
  for (const auto& name : order.servers) {
    const auto server = roster.find_server(*proxy, name);
    if (!server) continue;
    if (!action->run(roster, *proxy, *server, now)) continue;
    ++accepted;
    tell(statistics, who, *action, roster.proxies()[*proxy], name);
  }
  if (order.servers.empty()) return OrderResult::none;
  if (accepted == 0) return OrderResult::invalid;
  return accepted == order.servers.size() ? OrderResult::done : OrderResult::part;
}

}  // namespace novip::admin
