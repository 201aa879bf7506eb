#include "app/options.h"

#include <functional>
#include <limits>
#include <map>

#include "base/text.h"

namespace novip::app {

const char* const usage =
    "novip: one place for the clients of a PostgreSQL cluster to connect to, without a virtual IP\n"
    "\n"
    "Usage: novip -f FILE|DIR [-f …] [options]     run (the options are HAProxy's)\n"
    "       novip -c -f FILE|DIR                   say in words what it would do, exit 0;\n"
    "                                              1 and why, when it is not valid\n"
    "       novip state --postgres CONNINFO [--timeout MS]\n"
    "                                              print production, standby or unavailable once\n"
    "       novip status [--json] [--socket PATH|HOST:PORT] [-f FILE|DIR]\n"
    "                                              how the clusters, ports and servers are: exits "
    "0\n"
    "                                              well, 1 degraded, 2 down, 3 novip not running\n"
    "       novip top [--interval SECONDS] [--socket …] [-f …]\n"
    "                                              the same, live\n"
    "  -v, -vv       version\n"
    "  -V, -q        say more, say nothing\n"
    "  -D            run in the background; -db, -d keep it in the foreground\n"
    "  -W, -Ws       as in HAProxy's units: foreground, pidfile; systemd is told when ready\n"
    "  -p FILE       write the process id (with -D or -W)\n"
    "  -n N          maximum number of connections\n"
    "  -m MB         limit of memory\n"
    "  -C DIR        change to DIR before reading files\n"
    "  -S SOCKET     another stats socket of level admin, as HAProxy's master process has\n"
    "  -sf PID…      once listening, tell these processes to finish their sessions and end\n"
    "  -st PID…      once listening, tell these processes to end at once\n"
    "  -x SOCKET     take the listening sockets over from the process with this stats socket\n"
    "  -dW           warnings are errors; -dV no verification of servers' certificates\n"
    "\n"
    "Signals: SIGUSR1 finishes the sessions and ends; SIGTERM and SIGINT end at once;\n"
    "         SIGHUP and SIGUSR2 read the files again and apply them in this process.\n";

namespace {

/// Walks the arguments; one method per way an option takes its value.
class Arguments {
 public:
  explicit Arguments(const std::vector<std::string>& words) : words_(words) {}

  bool at_end() const { return next_ == words_.size(); }
  const std::string& take() { return words_[next_++]; }

  Status text(const std::string& option, std::string& value) {
    if (at_end()) return Error{"option " + option + " expects a value"};
    value = take();
    return Nothing{};
  }

  Status number(const std::string& option, unsigned& value) {
    std::string word;
    if (auto taken = text(option, word); !taken) return taken;
    const auto parsed = parse_number(word);
    if (!parsed || *parsed > std::numeric_limits<unsigned>::max())
      return Error{"option " + option + " expects a number, not '" + word + "'"};
    value = static_cast<unsigned>(*parsed);
    return Nothing{};
  }

  /// -sf and -st take every number that follows.
  void pids(std::vector<int>& values) {
    while (!at_end()) {
      const auto parsed = parse_number(words_[next_]);
      if (!parsed || *parsed > std::numeric_limits<int>::max()) return;
      values.push_back(static_cast<int>(*parsed));
      ++next_;
    }
  }

 private:
  const std::vector<std::string>& words_;
  std::size_t next_ = 0;
};

Expected<Options> parse_state(Arguments& words) {
  Options options;
  options.action = Options::Action::state;
  while (!words.at_end()) {
    const std::string word = words.take();
    Status taken = Nothing{};
    if (word == "--postgres") {
      taken = words.text(word, options.state_conninfo);
    } else if (word == "--timeout") {
      taken = words.number(word, options.state_timeout_ms);
    } else {
      taken = Error{"novip state: unknown option '" + word + "'"};
    }
    if (!taken) return taken.error();
  }
  if (options.state_conninfo.empty())
    return Error{
        "novip state: expects --postgres CONNINFO, e.g. "
        "--postgres 'host=/var/run/postgresql port=5434 dbname=postgres'"};
  return options;
}

/// `novip status` and `novip top`.
Expected<Options> parse_console(Arguments& words, Options::Action action) {
  Options options;
  options.action = action;
  const bool live = action == Options::Action::top;
  while (!words.at_end()) {
    const std::string word = words.take();
    Status taken = Nothing{};
    if (word == "--socket") {
      taken = words.text(word, options.socket);
    } else if (word == "-f") {
      taken = words.text(word, options.files.emplace_back());
    } else if (word == "--json" && !live) {
      options.json = true;
    } else if (word == "--interval" && live) {
      taken = words.number(word, options.interval_s);
    } else {
      taken = Error{std::string(live ? "novip top" : "novip status") + ": unknown option '" + word +
                    "'"};
    }
    if (!taken) return taken.error();
  }
  if (options.interval_s == 0 || options.interval_s > 3600)
    return Error{"option --interval expects 1 to 3600 seconds"};
  return options;
}

/// Options without a value; each sets something.
bool apply_flag(const std::string& word, Options& options) {
  static const std::map<std::string, std::function<void(Options&)>, std::less<>> flags = {
      {"-c", [](Options& o) { o.action = Options::Action::check; }},
      {"-v", [](Options& o) { o.action = Options::Action::version; }},
      {"-vv", [](Options& o) { o.action = Options::Action::version_long; }},
      {"-h", [](Options& o) { o.action = Options::Action::help; }},
      {"--help", [](Options& o) { o.action = Options::Action::help; }},
      {"--version", [](Options& o) { o.action = Options::Action::version; }},
      {"-q", [](Options& o) { o.quiet = true; }},
      {"-V", [](Options& o) { o.verbose = true; }},
      {"-D", [](Options& o) { o.daemon = true; }},
      {"-W", [](Options& o) { o.master_worker = true; }},
      // systemd watches the process that it started, whatever `daemon` in a file says.
      {"-Ws", [](Options& o) { o.master_worker = o.foreground = true; }},
      {"-d", [](Options& o) { o.foreground = true; }},
      {"-db", [](Options& o) { o.foreground = true; }},
      {"-dW", [](Options& o) { o.fail_on_warnings = true; }},
      {"-dV", [](Options& o) { o.no_server_verify = true; }},
  };
  const auto flag = flags.find(word);
  if (flag == flags.end()) return false;
  flag->second(options);
  return true;
}

/// HAProxy's switches for its own internals: accepted, since units carry them, and reported.
bool without_effect(const std::string& word) {
  return word == "-dI" || word == "-dG" || word == "-dS" || word == "-dR" || word == "-de" ||
         word == "-dp" || word == "-dr" || word == "-dL" || word.starts_with("-dM");
}

Status apply_valued(const std::string& word, Arguments& words, Options& options) {
  std::string ignored;
  if (word == "-f") return words.text(word, options.files.emplace_back());
  if (word == "-C") return words.text(word, options.working_directory);
  if (word == "-p") return words.text(word, options.pidfile);
  if (word == "-n") return words.number(word, options.maxconn);
  if (word == "-m") return words.number(word, options.memory_mb);
  if (word == "-sf" || word == "-st") {
    options.finish_old = word == "-sf";
    words.pids(options.old_pids);
    return Nothing{};
  }
  if (word == "-S") return words.text(word, options.master_socket);
  if (word == "-x") return words.text(word, options.sockets_from);
  if (word == "-L" || word == "-N") {
    options.without_effect.push_back(word);
    return words.text(word, ignored);
  }
  return Error{"unknown option '" + word + "'; novip -h lists them"};
}

}  // namespace

Expected<Options> parse_options(const std::vector<std::string>& arguments) {
  Arguments words(arguments);
  Options options;
  while (!words.at_end()) {
    const std::string word = words.take();
    if (word == "state") return parse_state(words);
    if (word == "status") return parse_console(words, Options::Action::status);
    if (word == "top") return parse_console(words, Options::Action::top);
    if (word == "--") {
      while (!words.at_end()) options.files.push_back(words.take());
    } else if (without_effect(word)) {
      options.without_effect.push_back(word);
    } else if (!apply_flag(word, options)) {
      if (auto applied = apply_valued(word, words, options); !applied) return applied.error();
    }
  }
  const bool needs_files =
      options.action == Options::Action::run || options.action == Options::Action::check;
  if (needs_files && options.files.empty())
    return Error{"no configuration file: expects -f FILE; novip -h tells more"};
  return options;
}

}  // namespace novip::app
