#pragma once

#include <string>

#include "kernel/ruleset.h"

namespace novip::kernel {

/// Commands of nft(8), run as one transaction each. Pure.

/// "novip_srv1": of the node's name, with what nft takes in a name.
std::string table_name(const std::string& node);

/// Makes `table` say `ruleset`. `fresh`: in place of whatever is there, a crashed predecessor's,
/// and marked as that of `pid`; otherwise it must be that, and sets keep their elements, counters
/// their counts.
std::string transaction(const std::string& table, const Ruleset& ruleset, int pid, bool fresh);

/// Opens the ports of guards of one role for so long, and closes those of the others. Nothing:
/// closes all.
std::string open_guards(const std::string& table, const std::vector<config::Guard>& guards,
                        std::optional<config::RolePool::Role> role, Milliseconds time);

/// Removes the table when it is still that of `pid`, else fails.
std::string removal(const std::string& table, int pid);

/// Named counters of a path: "sessions.0.0.1", "in.0.0.1", "out.0.0.1".
std::string counter_name(const char* what, const Path& path);
/// The set of clients that are held at a service: "held.0.4".
std::string held_name(const Service& service);
/// The chain whose name says whose table it is: "of.1234".
std::string owner_chain(int pid);

}  // namespace novip::kernel
