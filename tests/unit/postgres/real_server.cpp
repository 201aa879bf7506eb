#include "real_server.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <pwd.h>
#include <stdexcept>
#include <thread>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/clock.h"

namespace novip::postgres {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string program(const std::string& name) {
  std::vector<std::pair<double, fs::path>> found;
  std::error_code none;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const auto path = version.path() / "bin" / name;
    if (fs::exists(path)) found.emplace_back(std::atof(version.path().filename().c_str()), path);
  }
  return found.empty() ? "" : std::max_element(found.begin(), found.end())->second.string();
}

/// PostgreSQL refuses to run as root; as anybody else it runs as oneself.
const passwd* identity() { return ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr; }

}  // namespace

bool RealServer::can_run() {
  return !program("initdb").empty() && (::geteuid() != 0 || identity() != nullptr);
}

RealServer::RealServer(const RealServer* upstream) {
  char pattern[] = "/tmp/novip-postgres-XXXXXX";
  folder_ = ::mkdtemp(pattern);
  if (const auto* user = identity())
    if (::chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0)
      throw std::runtime_error("chown " + folder_);
  if (upstream == nullptr) {
    run({program("initdb"), "-D", folder_ + "/data", "-U", "postgres", "-A", "trust", "--no-sync"});
    return;
  }
  run({"/bin/cp", "-a", upstream->folder_ + "/data", folder_ + "/data"});
  run({"/usr/bin/touch", folder_ + "/data/standby.signal"});
  std::ofstream(folder_ + "/data/postgresql.auto.conf", std::ios::app)
      << "primary_conninfo = '" << upstream->conninfo("postgres") << "'\n";
}

RealServer::~RealServer() {
  signal(SIGQUIT);
  wait_for_end();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

/// After a kill the backends of the last postmaster live on for a moment, and their shared memory
/// lets no other one start.
void RealServer::start() {
  const auto deadline = Clock::now() + 30s;
  while (Clock::now() < deadline) {
    if (postmaster_ > 0 && ::waitpid(postmaster_, nullptr, WNOHANG) == postmaster_)
      postmaster_ = -1;
    if (postmaster_ < 0)
      postmaster_ =
          spawn({program("postgres"), "-D", folder_ + "/data", "-k", folder_, "-c",
                 "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c",
                 "dynamic_shared_memory_type=mmap", "-c", "wal_retrieve_retry_interval=100ms"});
    if (PQping(conninfo("postgres").c_str()) == PQPING_OK) return;
    std::this_thread::sleep_for(5ms);
  }
  throw std::runtime_error("PostgreSQL did not start in " + folder_);
}

void RealServer::signal(int number) const {
  if (postmaster_ > 0) ::kill(postmaster_, number);
}

void RealServer::wait_for_end() {
  if (postmaster_ > 0) ::waitpid(postmaster_, nullptr, 0);
  postmaster_ = -1;
}

std::string RealServer::conninfo(const std::string& user) const {
  return "host=" + folder_ + " dbname=postgres user=" + user;
}

std::string RealServer::query(const std::string& sql) const {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(
      PQconnectdb(conninfo("postgres").c_str()), &PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()),
                                                             &PQclear);
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

pid_t RealServer::spawn(const Arguments& words) const {
  std::vector<char*> pointers;
  for (const auto& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  const auto* const user = identity();
  const std::string log = folder_ + "/log";
  const pid_t child = ::fork();
  if (child != 0) return child;
  if (user != nullptr && (::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (::chdir("/") != 0 || ::dup2(output, STDOUT_FILENO) < 0 || ::dup2(output, STDERR_FILENO) < 0)
    ::_exit(126);
  ::execv(pointers[0], pointers.data());
  ::_exit(127);
}

void RealServer::run(const Arguments& words) const {
  int status = 0;
  ::waitpid(spawn(words), &status, 0);
  if (status != 0) throw std::runtime_error(words[0] + " failed: see " + folder_ + "/log");
}

}  // namespace novip::postgres
