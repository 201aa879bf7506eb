#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <utility>

namespace novip::proxy {

/// What a session that is being set up is told of; bits.
enum Event : std::uint8_t {
  client_bytes = 1,  // the client said something, or takes bytes again
  client_gone = 2,   // the client left without having said anything, or reset the connection
  server_ready =
      4,            // the connection attempt ended, one way or the other; later: news of the server
  place_found = 8,  // it has a place on a server, or its turn in the other line has come
  deadline = 16,
  server_lost = 32,  // its server is to be given up
  qualifies = 64,    // the server is in its role
  unqualified = 128,
};

/// The coroutine that sets a session up. It runs at once, and its frame is freed as it returns: an
/// established session has none.
struct SetUp {
  struct promise_type {
    SetUp get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

/// The events of one SetUp: it waits for the next one, the session tells of them.
class SetUpEvents {
 public:
  SetUpEvents() = default;
  SetUpEvents(const SetUpEvents&) = delete;
  SetUpEvents& operator=(const SetUpEvents&) = delete;
  ~SetUpEvents() { abandon(); }

  /// `co_await events.next()` gives the bits of what happened since the last time.
  auto next() {
    struct Awaitable {
      SetUpEvents& events;
      bool await_ready() const { return events.happened_ != 0; }
      void await_suspend(std::coroutine_handle<> waiting) { events.waiting_ = waiting; }
      unsigned await_resume() { return std::exchange(events.happened_, std::uint8_t{0}); }
    };
    return Awaitable{*this};
  }

  /// Notes an event without acting on it yet.
  void note(Event event) { happened_ = static_cast<std::uint8_t>(happened_ | event); }
  /// Notes an event and goes on with the set-up. The session may have ended when this returns.
  void tell(Event event) {
    note(event);
    if (waiting_) std::exchange(waiting_, nullptr).resume();
  }
  /// Frees a set-up that waits. One that runs ends the session itself, then returns.
  void abandon() {
    if (waiting_) std::exchange(waiting_, nullptr).destroy();
  }

 private:
  std::coroutine_handle<> waiting_;
  std::uint8_t happened_ = 0;
};

}  // namespace novip::proxy
