#include "proxy/relay.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <string>

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace novip::proxy {

namespace {

/// Reads of one session and direction in one turn: with a scratch buffer of 64 kB, 256 kB.
constexpr int reads_per_turn = 4;

}  // namespace

void Relay::note(Side side, std::uint32_t events) {
  End& end = ends_[index(side)];
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) end.closing = end.readable = true;
  if (events & EPOLLIN) end.readable = true;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) end.writable = true;
}

void Relay::forget(Side side) {
  ends_[index(side)] = {};
  directions_ = {};
  broken_.reset();
}

Relay::Moved Relay::move(std::span<char> scratch, Pipes* pipes) {
  Moved moved;
  moved.from_client = carry(Side::client, scratch, pipes, moved);
  moved.from_server = carry(Side::server, scratch, pipes, moved);
  return moved;
}

Relay::Moved Relay::move_from(Side source, std::span<char> scratch) {
  Moved moved;
  const std::uint64_t carried = carry(source, scratch, nullptr, moved);
  (source == Side::client ? moved.from_client : moved.from_server) = carried;
  return moved;
}

void Relay::push(Side side) {
  Moved moved;
  flush(other(side), moved);
}

void Relay::give(Side side, std::string_view bytes) {
  Moved moved;
  const bool first = flush(other(side), moved);
  if (ends_[index(side)].broken) return;
  const std::size_t sent = first ? send_some(side, bytes, moved) : 0;
  if (sent == bytes.size() || ends_[index(side)].broken) return;
  Direction& direction = directions_[index(other(side))];
  const std::string rest(direction.unsent.get() + direction.start, direction.end - direction.start);
  keep(direction, rest + std::string(bytes.substr(sent)));
}

bool Relay::done(Side side) const {
  if (ends_[index(other(side))].broken) return true;
  const Direction& direction = directions_[index(side)];
  if (!direction.ended || !direction.empty()) return false;
  // In TLS the end itself takes room.
  return !ends_[index(other(side))].tls || direction.told_end || ends_[index(side)].broken;
}

bool Relay::expects(Side side) const {
  const bool could_speak = !directions_[index(side)].ended && !blocked(other(side));
  return could_speak || blocked(side);
}

std::uint64_t Relay::carry(Side source, std::span<char> scratch, Pipes* pipes, Moved& moved) {
  End& from = ends_[index(source)];
  const End& to = ends_[index(other(source))];
  Direction& direction = directions_[index(source)];
  std::uint64_t carried = 0;
  for (int reads = 0; flush(source, moved) && !direction.ended && from.readable;) {
    if (reads == reads_per_turn) {
      moved.more = true;
      return carried;
    }
    if (pipes && direction.splices) {
      if (const std::uint64_t spliced = splice_in(source, *pipes)) {
        ++reads;
        carried += spliced;
        continue;
      }
    }
    const std::span<const char> bytes = read(source, scratch);
    if (bytes.empty()) break;
    ++reads;
    carried += bytes.size();
    const std::size_t sent = send_some(other(source), bytes, moved);
    if (sent < bytes.size() && !to.broken) keep(direction, bytes.subspan(sent));
  }
  finish(source);
  return carried;
}

ssize_t Relay::receive(const End& end, std::span<char> bytes, int flags) {
  if (!end.tls || !end.tls->established()) return ::recv(end.fd, bytes.data(), bytes.size(), flags);
  return flags & MSG_PEEK ? end.tls->peek(bytes) : end.tls->read(bytes);
}

ssize_t Relay::transmit(const End& end, std::span<const char> bytes) {
  return end.tls ? end.tls->write(bytes) : ::send(end.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

std::span<const char> Relay::read(Side side, std::span<char> scratch) {
  End& from = ends_[index(side)];
  Direction& direction = directions_[index(side)];
  while (from.readable && !direction.ended) {
    const ssize_t count = receive(from, scratch, 0);
    if (count > 0) {
      const auto bytes = scratch.first(static_cast<std::size_t>(count));
      // A short read emptied the socket: what comes later is a new edge. Not so at the end of the
      // stream, whose edge has been; in TLS, only the stream knows.
      const bool emptied = from.tls ? from.tls->drained() : bytes.size() < scratch.size();
      if (emptied && !from.closing) from.readable = false;
      if (side == Side::server) note_tail(bytes);
      note_bytes(side, bytes.size());
      return bytes;
    }
    if (count == 0) {
      direction.ended = true;
    } else if (errno == EAGAIN) {
      from.readable = from.tls && from.tls->crosses();  // to be tried again when it takes bytes
      break;
    } else if (errno != EINTR) {
      direction.ended = true;
      fail(side);
    }
  }
  return {};
}

void Relay::note_bytes(Side side, std::size_t count) {
  std::uint32_t& run = directions_[index(side)].run;
  const std::uint64_t longer = std::uint64_t{run} + count;
  run =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(longer, std::numeric_limits<int>::max()));
  directions_[index(other(side))].run = 0;
}

void Relay::note_tail(std::span<const char> bytes) {
  const std::size_t fresh = std::min(bytes.size(), tail_.size());
  std::ranges::rotate(tail_, tail_.begin() + static_cast<std::ptrdiff_t>(fresh));
  std::ranges::copy(bytes.last(fresh), tail_.end() - static_cast<std::ptrdiff_t>(fresh));
}

/// Puts what waits in the source's socket into a pipe, but for the last bytes: these are read, so
/// that the tail is known. 0: there is not enough, or no pipe. An empty pipe and bytes that are
/// known to be there: should the kernel have nothing to splice all the same, a read will say why.
std::uint64_t Relay::splice_in(Side source, Pipes& pipes) {
  Direction& direction = directions_[index(source)];
  if (ends_[0].tls || ends_[1].tls || direction.run < pipes.worthwhile.sustained) return 0;
  const int from = ends_[index(source)].fd;
  int waiting = 0;
  if (::ioctl(from, FIONREAD, &waiting) != 0) return 0;
  const auto most = static_cast<std::int64_t>(waiting) - static_cast<std::int64_t>(tail_.size());
  if (most <= 0 || most < pipes.worthwhile.waiting) return 0;
  Pipes::Lent pipe = pipes.lend();
  if (!pipe) return 0;
  const ssize_t count = ::splice(from, nullptr, pipe->in.get(), nullptr,
                                 static_cast<std::size_t>(most), SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (count <= 0) return 0;
  pipe->filled = static_cast<std::uint32_t>(count);
  direction.pipe = std::move(pipe);
  note_bytes(source, static_cast<std::size_t>(count));
  if (source == Side::server) tail_.fill(0);
  return static_cast<std::uint64_t>(count);
}

/// The pipe is known to have bytes: that the kernel would have to wait is about the destination.
void Relay::splice_out(Side source, Moved& moved) {
  Direction& direction = directions_[index(source)];
  End& to = ends_[index(other(source))];
  Pipes::Pipe& pipe = *direction.pipe;
  while (pipe.filled > 0 && to.writable && !to.broken) {
    const ssize_t taken = ::splice(pipe.out.get(), nullptr, to.fd, nullptr, pipe.filled,
                                   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (taken > 0) {
      pipe.filled -= static_cast<std::uint32_t>(taken);
      moved.sent = true;
    } else if (taken < 0 && errno == EAGAIN) {
      to.writable = false;
    } else if (taken == 0 || errno != EINTR) {
      fail(other(source));
    }
  }
  if (pipe.filled == 0 || to.broken) direction.pipe.reset();
}

/// How many were taken; fewer than all when the side takes no more now, or never.
std::size_t Relay::send_some(Side side, std::span<const char> bytes, Moved& moved) {
  End& end = ends_[index(side)];
  std::size_t sent = 0;
  while (sent < bytes.size() && end.writable && !end.broken) {
    const ssize_t taken = transmit(end, bytes.subspan(sent));
    if (taken >= 0)
      sent += static_cast<std::size_t>(taken);
    else if (errno == EAGAIN)
      end.writable = false;
    else if (errno != EINTR)
      fail(side);
  }
  moved.sent = moved.sent || sent > 0;
  return sent;
}

/// True when nothing is left unsent and the destination may be sent more.
bool Relay::flush(Side source, Moved& moved) {
  Direction& direction = directions_[index(source)];
  const End& to = ends_[index(other(source))];
  if (direction.start != direction.end) {
    const std::span<const char> rest(direction.unsent.get() + direction.start,
                                     direction.end - direction.start);
    direction.start += static_cast<std::uint32_t>(send_some(other(source), rest, moved));
    if (direction.start == direction.end || to.broken) keep(direction, {});
  }
  if (direction.pipe) splice_out(source, moved);
  return direction.empty() && !to.broken;
}

void Relay::keep(Direction& direction, std::span<const char> bytes) {
  direction.unsent.reset(bytes.empty() ? nullptr : new char[bytes.size()]);
  std::ranges::copy(bytes, direction.unsent.get());
  direction.start = 0;
  direction.end = static_cast<std::uint32_t>(bytes.size());
}

/// Passes the end of the stream on once its last byte was taken. The end of a broken connection is
/// no end of stream: the destination is not told that all is well, its connection is closed.
void Relay::finish(Side source) {
  Direction& direction = directions_[index(source)];
  End& to = ends_[index(other(source))];
  const bool due = direction.ended && direction.empty() && !direction.told_end;
  if (!due || to.broken || ends_[index(source)].broken) return;
  if (to.tls && to.tls->finish() != 0) {
    if (errno == EAGAIN)
      to.writable = false;
    else
      fail(other(source));
    return;
  }
  direction.told_end = true;
  if (::shutdown(to.fd, SHUT_WR) != 0) fail(other(source));
}

/// Nothing can be sent to this side any more. What it said before may still be in the kernel (a
/// server's last error message), so it is read on until that fails as well.
void Relay::fail(Side side) {
  if (!broken_) broken_ = side;
  ends_[index(side)].broken = true;
}

}  // namespace novip::proxy
