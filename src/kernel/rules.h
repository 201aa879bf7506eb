#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "kernel/nft.h"
#include "kernel/transaction.h"

namespace novip::kernel {

/// Our table in nftables, and whose it is. Blocks on the kernel; one thread.
class Rules {
 public:
  Rules(std::string table, int pid) : table_(std::move(table)), pid_(pid) {}

  /// Makes the table say `ruleset`, whatever it said; in place of a predecessor's the first time,
  /// and again when somebody removed it ("nft flush ruleset"). Nothing is done once a successor has
  /// taken it over.
  Status apply(const Ruleset& ruleset);
  bool in_force() const { return !in_force_.empty(); }
  /// A successor has the table.
  bool superseded() const { return superseded_; }
  /// Whether it is still there and ours.
  bool check_ours();

  Status open_guards(const std::vector<config::Guard>& guards,
                     std::optional<config::RolePool::Role> role, Milliseconds time);
  /// Removes the table if it is ours.
  void remove();

  Expected<std::string> counters();
  /// How many clients are held at a service.
  unsigned held(const Service& service);

 private:
  std::string table_;
  int pid_;
  Nft nft_;
  std::string in_force_;  // the transaction that made it so; empty: not known
  bool superseded_ = false;
};

/// The tables of any novip, by `nft list chains`.
std::vector<std::string> tables_of(std::string_view chains);

/// The process that made `table`, by `nft list chains`; 0: it is there, and nobody's; none: it is
/// not there.
std::optional<int> owner_of(std::string_view chains, const std::string& table);

}  // namespace novip::kernel
