#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/intrusive/list.hpp>

namespace novip::net {

/// A connection with a deadline for each operation.
using Stream = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;

/// Clients whose next request, or whose end, is waited for, in the order in which they began to be:
/// where all places are taken, one of these gives its own to a new client, so that whoever connects
/// and says nothing keeps nobody out. Last go those who had an answer before. One thread.
class Newcomers {
 public:
  using Hook =
      boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
  /// While it lives, its client is waited for.
  class Entry : public Hook {
   public:
    Entry(Newcomers& newcomers, Stream& stream, bool is_known) : stream_(stream) {
      (is_known ? newcomers.known_ : newcomers.strangers_).push_back(*this);
    }

   private:
    friend class Newcomers;
    Stream& stream_;
  };

  /// Closes the connection that has been waited for the longest; its coroutine ends soon. False:
  /// there is none.
  bool close_one() { return close_first(strangers_) || close_first(known_); }

 private:
  using List = boost::intrusive::list<Entry, boost::intrusive::base_hook<Hook>,
                                      boost::intrusive::constant_time_size<false>>;

  static bool close_first(List& list) {
    if (list.empty()) return false;
    auto& entry = list.front();
    entry.unlink();
    entry.stream_.close();
    return true;
  }

  List strangers_;
  List known_;  // had an answer before
};

}  // namespace novip::net
