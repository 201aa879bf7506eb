#pragma once

#include <functional>
#include <memory>
#include <string>

namespace novip::agent {

/// Whether this node's side of the cluster has quorum, as its corosync says (libquorum,
/// votequorum(5)). Not while corosync cannot be asked: it is looked for again every second. Has a
/// thread of its own, since libquorum waits for corosync where it likes.
///
/// corosync tells root, its own group, and whom a file in /etc/corosync/uidgid.d names.
class Quorum {
 public:
  /// `why`: what to tell an operator of a node without quorum. Called on Quorum's thread, for the
  /// first time as soon as corosync was asked, then with each change.
  using Changed = std::function<void(bool quorate, const std::string& why)>;

  explicit Quorum(Changed changed);
  /// Nothing is told any more. Does not wait for libquorum.
  ~Quorum();

 private:
  class Watch;
  std::shared_ptr<Watch> watch_;
};

}  // namespace novip::agent
