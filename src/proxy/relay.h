#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <sys/types.h>

#include "proxy/pipes.h"
#include "tls/stream.h"

namespace novip::proxy {

enum class Side : std::uint8_t { client = 0, server = 1 };

constexpr Side other(Side side) { return side == Side::client ? Side::server : Side::client; }

/// Carries bytes both ways between two non-blocking stream sockets that a Poller watches
/// edge-triggered, either of which may be encrypted. Owns no descriptor, and no memory but the
/// bytes that one side does not take yet: while there are any, the other side is not read. A side's
/// end of stream is passed on as such, after its last byte; the opposite direction goes on. If
/// asked to, it does not copy but splices the bytes of a side that goes on and on (a COPY, a base
/// backup), where nothing is encrypted.
class Relay {
 public:
  void attach(Side side, int fd) { ends_[index(side)].fd = fd; }
  /// From now on `side` speaks TLS. Its bytes are carried once that is established.
  void encrypt(Side side, std::unique_ptr<tls::Stream> stream) {
    ends_[index(side)].tls = std::move(stream);
  }
  /// Null: it speaks in plain.
  tls::Stream* tls(Side side) const { return ends_[index(side)].tls.get(); }
  /// From now on `side` is spliced where that is worthwhile.
  void splice(Side side) { directions_[index(side)].splices = true; }
  /// What epoll reported (EPOLLIN, EPOLLOUT, …), also before all are attached: the edge comes once.
  void note(Side side, std::uint32_t events);
  /// Forgets a side, whose descriptor was closed, and what was carried from it and to it: another
  /// connection may take its place.
  void forget(Side side);

  struct Moved {
    std::uint64_t from_client = 0, from_server = 0;  // bytes read
    bool sent = false;                               // bytes were taken
    bool more = false;                               // stopped to let others have their turn
  };
  /// Moves what can be moved now; `scratch` is free again afterwards. Without `pipes`, by copying.
  Moved move(std::span<char> scratch, Pipes* pipes = nullptr);

  // Before it carries all by itself: the start of a session that is looked at.
  /// As recv(2), whatever epoll reported. `flags`: 0 or MSG_PEEK.
  ssize_t receive(Side side, std::span<char> bytes, int flags) const {
    return receive(ends_[index(side)], bytes, flags);
  }
  /// What `side` says, instead of passing it on; none: nothing now, or nothing more (said_all()).
  std::span<const char> read(Side side, std::span<char> scratch);
  /// Bytes for `side`, behind those that it has yet to take.
  void give(Side side, std::string_view bytes);
  /// As move(), but only from `source` to the other side.
  Moved move_from(Side source, std::span<char> scratch);
  /// Sends what `side` has yet to take and can take now.
  void push(Side side);
  /// In TLS, `side` is told that this is the end: whoever closes does so afterwards.
  void say_end(Side side) {
    if (tls::Stream* const stream = tls(side); stream && stream->established()) stream->finish();
  }

  /// The last bytes that the server said, as many as a ReadyForQuery has; zeros while nobody has
  /// seen them.
  std::string_view server_tail() const { return {tail_.data(), tail_.size()}; }

  /// Nothing is left to carry: both sides ended, or one is broken and the other has what it said.
  bool ended() const { return done(Side::client) && done(Side::server); }
  /// Whether epoll saw the end of what `side` says; bytes before it may still be unread.
  bool closing(Side side) const { return ends_[index(side)].closing; }
  /// The side whose connection was reset, or failed otherwise, first.
  std::optional<Side> broken() const { return broken_; }

  /// Whether `side` has said its last byte, or can be told nothing of what it says any more.
  bool done(Side side) const;
  /// Whether bytes wait for `side` to take them.
  bool blocked(Side side) const { return !to(side).empty() && !ends_[index(side)].broken; }
  /// Whether `side` ended its stream, and all of it was read.
  bool said_all(Side side) const { return directions_[index(side)].ended; }
  /// Whether `side` was told that no more bytes come.
  bool told_end(Side side) const { return to(side).told_end; }
  /// Whether silence of `side` is its own: more is expected of it, or bytes wait for it.
  bool expects(Side side) const;

 private:
  struct End {
    int fd = -1;
    bool readable = false, writable = false;
    bool closing = false;  // epoll saw its end: read on until it comes, however short the reads
    bool broken = false;
    std::unique_ptr<tls::Stream> tls;
  };
  /// From the side it is named after to the other.
  struct Direction {
    bool empty() const { return start == end && !pipe; }
    std::unique_ptr<char[]> unsent;
    std::uint32_t start = 0, end = 0;
    std::uint32_t run = 0;  // bytes since the destination last spoke, about
    Pipes::Lent pipe;       // with unsent bytes
    bool splices = false;
    bool ended = false;     // the source said its last byte
    bool told_end = false;  // and the destination knows
  };

  static std::size_t index(Side side) { return static_cast<std::size_t>(side); }
  const Direction& to(Side side) const { return directions_[index(other(side))]; }
  static ssize_t receive(const End& end, std::span<char> bytes, int flags);
  static ssize_t transmit(const End& end, std::span<const char> bytes);
  std::uint64_t carry(Side source, std::span<char> scratch, Pipes* pipes, Moved& moved);
  std::uint64_t splice_in(Side source, Pipes& pipes);
  void splice_out(Side source, Moved& moved);
  std::size_t send_some(Side side, std::span<const char> bytes, Moved& moved);
  bool flush(Side source, Moved& moved);
  void keep(Direction& direction, std::span<const char> bytes);
  void finish(Side source);
  void fail(Side side);
  void note_bytes(Side side, std::size_t count);
  void note_tail(std::span<const char> bytes);

  std::array<End, 2> ends_;
  std::array<Direction, 2> directions_;
  std::optional<Side> broken_;
  std::array<char, 6> tail_{};
};

}  // namespace novip::proxy
