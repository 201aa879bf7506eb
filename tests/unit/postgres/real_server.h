#pragma once

#include <memory>
#include <string>
#include <vector>

#include <libpq-fe.h>
#include <sys/types.h>

namespace novip::postgres {

/// A real PostgreSQL of its own in a temporary folder, on a Unix socket only. Ends with the object,
/// and with the test program.
class RealServer {
 public:
  /// Whether Debian's PostgreSQL is here, and somebody to run it as.
  static bool can_run();

  /// A new instance, or a standby of `upstream`: a copy of it as it is now (stopped).
  explicit RealServer(const RealServer* upstream = nullptr);
  ~RealServer();
  RealServer(const RealServer&) = delete;
  RealServer& operator=(const RealServer&) = delete;

  /// Returns when it takes connections.
  void start();
  void signal(int number) const;
  /// Waits until its postmaster has ended.
  void wait_for_end();
  /// For libpq.
  std::string conninfo(const std::string& user) const;
  /// The first column of the first row, as the superuser; "" when there is none.
  std::string query(const std::string& sql) const;

 private:
  using Arguments = std::vector<std::string>;
  pid_t spawn(const Arguments& words) const;
  void run(const Arguments& words) const;

  std::string folder_;
  pid_t postmaster_ = -1;
};

}  // namespace novip::postgres
