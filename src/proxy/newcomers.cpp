#include "proxy/newcomers.h"

#include "base/text.h"
#include "proxy/loop.h"

namespace novip::proxy {

namespace {

constexpr std::chrono::minutes between_lines{1};

}  // namespace

Place Newcomers::join(Session& session, unsigned most) {
  if (count_.now() >= most && !waiting_.empty()) end_oldest(most);
  waiting_.push_back(session);
  return Place::take(count_);
}

void Newcomers::end_oldest(unsigned most) {
  Session& oldest = waiting_.front();
  waiting_.pop_front();
  if (loop_.now() >= next_line_) {
    next_line_ = loop_.now() + between_lines;
    loop_.log(oldest.frontend(), Severity::warning,
              format("Proxy %s: more than %u clients of a thread have connected and said nothing "
                     "(maxstarting); the oldest are closed, such as one from %s.",
                     oldest.frontend().name.c_str(), most, oldest.info().client.c_str()));
  }
  oldest.end(Cause::client_timeout);
}

}  // namespace novip::proxy
