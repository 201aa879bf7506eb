#include "postgres/instance_json.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "postgres/json_members.h"
#include "postgres/sync_state.h"

namespace novip::postgres {

namespace {

namespace json = boost::json;
using cluster::Instance;
using cluster::Replica;
using cluster::SyncState;
using Role = Instance::Role;

constexpr auto largest_number = std::numeric_limits<std::uint64_t>::max();
constexpr auto largest_timeline = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t largest_version = 1'000'000'000;
constexpr std::uint64_t longest_lag_ms = 10'000'000'000'000;  // three hundred years
constexpr std::size_t most_replicas = 100;
constexpr std::size_t longest_quote = 100;  // of a state or role that is not known

// ---- writing --------------------------------------------------------------------------------

void write_sync(SyncState sync, json::object& object) {
  if (sync != SyncState::unknown) object["sync_state"] = word_of(sync);
}

json::object to_object(const Replica& replica) {
  json::object object;
  object["application_name"] = replica.application_name;
  if (!replica.address.empty()) object["client_addr"] = replica.address;
  object["state"] = replica.state;
  write_sync(replica.sync, object);
  object["sent_location"] = replica.sent;
  object["replayed_location"] = replica.replayed;
  return object;
}

void write_standby(const Instance& instance, json::object& object) {
  object["xlog"] =
      json::object{{"received_location", instance.received}, {"replayed_location", instance.lsn}};
  if (instance.streaming) object["replication_state"] = "streaming";
  if (!instance.upstream.empty()) object["upstream"] = instance.upstream;
  object["upstream_location"] = instance.upstream_end;
  const auto newest = std::max({instance.upstream_end, instance.received, instance.lsn});
  json::object lag{{"bytes", newest - instance.lsn}};
  if (instance.replay_lag) lag["milliseconds"] = instance.replay_lag->count();
  object["lag"] = std::move(lag);
  write_sync(instance.sync, object);
  if (instance.sync == SyncState::sync) object["sync_standby"] = true;
  if (instance.sync == SyncState::quorum) object["quorum_standby"] = true;
}

void write_running(const Instance& instance, json::object& object) {
  object["state"] = "running";
  object["role"] = instance.role == Role::primary ? "primary" : "replica";
  object["server_version"] = instance.server_version;
  object["timeline"] = instance.timeline;
  if (instance.role == Role::primary)
    object["xlog"] = json::object{{"location", instance.lsn}};
  else
    write_standby(instance, object);
  if (instance.replicas.empty()) return;
  json::array replicas;
  for (const auto& replica : instance.replicas) replicas.push_back(to_object(replica));
  object["replication"] = std::move(replicas);
}

// ---- reading --------------------------------------------------------------------------------

/// In Patroni's words. A standby leader is a standby: it takes no writes.
Role role_of(std::string_view word) {
  if (word == "primary" || word == "master") return Role::primary;
  for (const auto* standby : {"replica", "standby_leader", "sync_standby", "quorum_standby"})
    if (word == standby) return Role::standby;
  return Role::unavailable;
}

SyncState read_sync(const JsonMembers& members) {
  if (members.has("sync_state")) return parse_sync_state(members.word("sync_state"));
  if (members.flag("sync_standby")) return SyncState::sync;
  if (members.flag("quorum_standby")) return SyncState::quorum;
  return SyncState::unknown;
}

Replica read_replica(const JsonMembers& members) {
  Replica replica;
  replica.application_name = members.word("application_name");
  replica.address = members.word("client_addr");
  replica.state = members.word("state");
  replica.sync = read_sync(members);
  replica.sent = members.number("sent_location", largest_number);
  replica.replayed = members.number("replayed_location", largest_number);
  return replica;
}

void read_replicas(const JsonMembers& members, std::string& error, Instance& instance) {
  const auto* array = members.array("replication");
  if (array == nullptr) return;
  if (array->size() > most_replicas) return members.refuse("replication");
  for (const auto& element : *array) {
    const auto* object = element.if_object();
    if (object == nullptr) return members.refuse("replication");
    instance.replicas.push_back(read_replica(JsonMembers(*object, error)));
  }
}

void read_xlog(const JsonMembers& members, std::string& error, Instance& instance) {
  const auto* object = members.object("xlog");
  if (object == nullptr) return;
  const JsonMembers xlog(*object, error);
  if (instance.role == Role::primary) {
    instance.lsn = xlog.number("location", largest_number);
  } else {
    instance.lsn = xlog.number("replayed_location", largest_number);
    instance.received = xlog.number("received_location", largest_number);
  }
}

void read_standby(const JsonMembers& members, std::string& error, Instance& instance) {
  instance.streaming = members.word("replication_state") == "streaming";
  instance.upstream = members.word("upstream");
  instance.upstream_end = members.number("upstream_location", largest_number);
  instance.sync = read_sync(members);
  if (const auto* lag = members.object("lag")) {
    const JsonMembers parts(*lag, error);
    if (parts.has("milliseconds"))
      instance.replay_lag =
          Milliseconds(static_cast<std::int64_t>(parts.number("milliseconds", longest_lag_ms)));
  } else if (instance.streaming && instance.received != 0 && instance.received == instance.lsn) {
    instance.replay_lag = Milliseconds{0};  // Patroni's; all that it says of a lag in time
  }
}

void read_running(const JsonMembers& members, std::string& error, Instance& instance) {
  const auto word = members.word("role");
  instance.role = role_of(word);
  if (instance.role == Role::unavailable) {
    instance.reason = "its role is \"" + word.substr(0, longest_quote) + "\"";
    return;
  }
  instance.server_version =
      static_cast<unsigned>(members.number("server_version", largest_version));
  instance.timeline = static_cast<std::uint32_t>(members.number("timeline", largest_timeline));
  read_xlog(members, error, instance);
  if (instance.role == Role::standby) read_standby(members, error, instance);
  read_replicas(members, error, instance);
}

/// A server that Patroni starts or stops has no sessions, or ends them; one that crashed may leave
/// some behind.
bool ends_its_sessions(std::string_view state) {
  constexpr std::string_view states[] = {"starting", "stopping", "stopped", "restarting"};
  return std::find(std::begin(states), std::end(states), state) != std::end(states);
}

void read_unavailable(const JsonMembers& members, const std::string& state, Instance& instance) {
  instance.reason = members.word("reason");
  if (instance.reason.empty())
    instance.reason = "its state is \"" + state.substr(0, longest_quote) + "\"";
  instance.ends_its_sessions = members.has("ends_its_sessions") ? members.flag("ends_its_sessions")
                                                                : ends_its_sessions(state);
}

void read_system_identifier(const JsonMembers& members, Instance& instance) {
  const auto word = members.word("database_system_identifier");
  if (word.empty()) return;
  const auto number = parse_number(word);
  if (!number) members.refuse("database_system_identifier");
  instance.system_identifier = number.value_or(0);
}

}  // namespace

std::string to_json(const Instance& instance) {
  json::object object;
  if (instance.known()) {
    write_running(instance, object);
  } else {
    object["state"] = instance.ends_its_sessions ? "stopped" : "unknown";
    object["role"] = "unknown";
    object["reason"] = instance.reason;
    object["ends_its_sessions"] = instance.ends_its_sessions;
  }
  if (instance.system_identifier != 0)
    object["database_system_identifier"] = std::to_string(instance.system_identifier);
  return json::serialize(object);
}

Expected<Instance> from_json(std::string_view text) {
  std::array<unsigned char, 8192> buffer;
  json::monotonic_resource memory(buffer.data(), buffer.size());
  json::parse_options options;
  options.allow_invalid_utf8 = true;  // unprintable bytes are replaced: see JsonMembers::word()
  boost::system::error_code failed;
  const auto value = json::parse(text, failed, &memory, options);
  if (failed) return Error{"not JSON: " + failed.message()};
  if (!value.is_object()) return Error{"not a JSON object"};

  std::string error;
  const JsonMembers members(value.get_object(), error);
  Instance instance;
  const auto state = members.word("state");
  if (state == "running")
    read_running(members, error, instance);
  else
    read_unavailable(members, state, instance);
  read_system_identifier(members, instance);
  if (!error.empty()) return Error{std::move(error)};
  return instance;
}

}  // namespace novip::postgres
