#include "net/log.h"

#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace novip::net {
namespace {

/// Local time with an offset of half hours, as the host of the expected lines.
class LogLine : public testing::Test {
 protected:
  LogLine() {
    setenv("TZ", "America/St_Johns", 1);
    tzset();
  }
  ~LogLine() override {
    unsetenv("TZ");
    tzset();
  }

  std::string line(LogFormat format, const std::string& hostname = {}) {
    LogTarget target;
    target.format = format;
    target.facility = 18;
    return format_log_line(target, {"haproxy", hostname, 8451}, Severity::info, when, "text");
  }

  // 2026-11-23 19:44:22.540413 UTC
  const WallTime when{
      std::chrono::duration_cast<WallTime::duration>(std::chrono::microseconds(1795463062540413))};
};

// The expected lines are those of HAProxy 2.6.12 with this time, zone, facility and process id.
TEST_F(LogLine, IsHAProxysInEachFormat) {
  EXPECT_EQ(line(LogFormat::automatic), "<150>Nov 23 16:14:22 haproxy[8451]: text");
  EXPECT_EQ(line(LogFormat::rfc3164), "<150>Nov 23 16:14:22 localhost haproxy[8451]: text");
  EXPECT_EQ(line(LogFormat::rfc5424),
            "<150>1 2026-11-23T16:14:22.540413-03:30 - haproxy 8451 - - text");
  EXPECT_EQ(line(LogFormat::short_), "<6>text");
  EXPECT_EQ(line(LogFormat::raw), "text");
  EXPECT_EQ(line(LogFormat::timed), "<6>2026-11-23T16:14:22.540413-03:30 text");
  EXPECT_EQ(line(LogFormat::local), "<150>Nov 23 16:14:22 haproxy[8451]: text");
  EXPECT_EQ(line(LogFormat::iso), "2026-11-23T16:14:22.540413-03:30 text");
  EXPECT_EQ(line(LogFormat::priority), "<150>text");
}

TEST_F(LogLine, CarriesTheHostNameThatLogSendHostnameGives) {
  EXPECT_EQ(line(LogFormat::automatic, "foo"), "<150>Nov 23 16:14:22 foo haproxy[8451]: text");
  EXPECT_EQ(line(LogFormat::rfc3164, "foo"), "<150>Nov 23 16:14:22 foo haproxy[8451]: text");
  EXPECT_EQ(line(LogFormat::local, "foo"), "<150>Nov 23 16:14:22 haproxy[8451]: text");
  EXPECT_EQ(line(LogFormat::rfc5424, "foo"),
            "<150>1 2026-11-23T16:14:22.540413-03:30 foo haproxy 8451 - - text");
}

TEST_F(LogLine, PadsTheDayWithASpace) {
  LogTarget target;
  const auto text = format_log_line(target, {"haproxy", "", 1}, Severity::info,
                                    when - std::chrono::hours(480), "");
  EXPECT_EQ(text, "<134>Nov  3 16:14:22 haproxy[1]: ");
}

TEST_F(LogLine, IsCutAtItsLengthAsHAProxyCounts) {
  LogTarget target;
  target.length = 80;
  const std::string text(200, 'x');
  // HAProxy 2.6.12 with `len 80`: 81 bytes in a datagram, 80 on standard output, newline included.
  EXPECT_EQ(format_log_line(target, {"t", "", 1}, Severity::info, when, text).size(), 80u);
  target.kind = LogTarget::Kind::descriptor;
  EXPECT_EQ(format_log_line(target, {"t", "", 1}, Severity::info, when, text).size(), 79u);
}

TEST_F(LogLine, StaysOneLineWhateverTheText) {
  LogTarget target;
  target.format = LogFormat::raw;
  EXPECT_EQ(format_log_line(target, {}, Severity::info, when, "a\nb\tc\x1b[1m\xc3\xa9\n"),
            "a b c [1m\xc3\xa9");
}

std::string receive(int fd) {
  char buffer[2048];
  const auto size = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
  return size < 0 ? "nothing" : std::string(buffer, static_cast<std::size_t>(size));
}

TEST(Logger, SendsADatagramPerTargetThatWantsTheSeverity) {
  const auto any = *Endpoint::ip("127.0.0.1", 0);
  UniqueFd all(socket(AF_INET, SOCK_DGRAM, 0)), errors(socket(AF_INET, SOCK_DGRAM, 0));
  ASSERT_EQ(bind(all.get(), any.data(), any.size()), 0);
  ASSERT_EQ(bind(errors.get(), any.data(), any.size()), 0);
  LogTarget to_all, to_errors;
  to_all.format = to_errors.format = LogFormat::short_;
  to_all.address = Endpoint::local_of(all.get());
  to_errors.address = Endpoint::local_of(errors.get());
  to_errors.level = Severity::err;
  to_all.minimum = Severity::notice;

  const Logger logger({"haproxy", "", 1});
  logger.log({to_all, to_errors}, Severity::info, "fine");
  EXPECT_EQ(receive(all.get()), "<6>fine\n");
  EXPECT_EQ(receive(errors.get()), "nothing");
  logger.log({to_all, to_errors}, Severity::alert, "bad");
  EXPECT_EQ(receive(all.get()), "<5>bad\n");
  EXPECT_EQ(receive(errors.get()), "<1>bad\n");
  EXPECT_EQ(logger.dropped(), 0u);
}

TEST(Logger, UsesTheTagOfTheLine) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  UniqueFd ours(pair[0]), theirs(pair[1]);
  LogTarget target;
  target.kind = LogTarget::Kind::descriptor;
  target.descriptor = theirs.get();
  Logger({"haproxy", "", 7}).log({target}, Severity::info, "x", "frontend");
  EXPECT_TRUE(receive(ours.get()).ends_with(" frontend[7]: x\n"));
}

TEST(Logger, DropsAndCountsWhatAFullPipeDoesNotTake) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  UniqueFd reader(ends[0]), writer(ends[1]);
  ASSERT_GE(fcntl(writer.get(), F_SETPIPE_SZ, 4096), 4096);
  LogTarget target;
  target.kind = LogTarget::Kind::descriptor;
  target.descriptor = writer.get();
  target.format = LogFormat::raw;
  const Logger logger({"haproxy", "", 1});
  logger.log({target}, Severity::info, std::string(1000, 'x'));
  EXPECT_EQ(logger.dropped(), 0u);
  for (int i = 0; i < 100; ++i) logger.log({target}, Severity::info, std::string(1000, 'x'));
  EXPECT_GT(logger.dropped(), 0u);
  EXPECT_FALSE(fcntl(writer.get(), F_GETFL) & O_NONBLOCK) << "shared with other processes";
}

TEST(Logger, CountsADatagramNobodyTakes) {
  LogTarget target;
  target.address = *Endpoint::unix_path("/nonexistent/log");
  const Logger logger({"haproxy", "", 1});
  logger.log({target}, Severity::info, "x");
  EXPECT_EQ(logger.dropped(), 1u);
}

}  // namespace
}  // namespace novip::net
