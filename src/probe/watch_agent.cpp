#include <string>
#include <utility>

#include "probe/watch_inquiry.h"
#include "probe/watch_node.h"
#include "probe/watch_subscription.h"

namespace novip::probe {

namespace {

/// What an agent pushes, and what it is asked: two connections.
class AgentWatch : public NodeWatch {
 public:
  AgentWatch(boost::asio::io_context& io, const HttpLine::Settings& line, NodeNews news);

  void start() override;
  void stop() override;
  void ask(Answered done) override { inquiry_->ask(std::move(done)); }

 private:
  NodeNews pushed();
  NodeNews asked();
  void tell_trouble();

  NodeNews news_;
  std::string unpushed_, unanswered_;  // trouble
  std::shared_ptr<Subscription> subscription_;
  std::shared_ptr<Inquiry> inquiry_;
};

AgentWatch::AgentWatch(boost::asio::io_context& io, const HttpLine::Settings& line, NodeNews news)
    : news_(std::move(news)) {
  const std::string name = "agent at " + line.address.text();
  subscription_ = std::make_shared<Subscription>(
      io, Subscription::Settings{name, "/events", line.patience, line}, pushed());
  inquiry_ = std::make_shared<Inquiry>(
      io, Inquiry::Settings{name, "/state?fresh", std::nullopt, line}, asked());
}

NodeNews AgentWatch::pushed() {
  return {news_.heard, [this](const std::string& why) {
            // An agent that is back is not asked before somebody wants to know.
            if (why.empty() && !unpushed_.empty()) unanswered_.clear();
            unpushed_ = why;
            tell_trouble();
          }};
}

NodeNews AgentWatch::asked() {
  return {news_.heard, [this](const std::string& why) {
            unanswered_ = why;
            tell_trouble();
          }};
}

void AgentWatch::tell_trouble() { news_.trouble(unpushed_.empty() ? unanswered_ : unpushed_); }

void AgentWatch::start() {
  subscription_->start();
  inquiry_->start();
}

void AgentWatch::stop() {
  subscription_->stop();
  inquiry_->stop();
}

}  // namespace

std::shared_ptr<NodeWatch> watch_agent(boost::asio::io_context& io, const config::Cluster& settings,
                                       std::size_t index, std::shared_ptr<const RestTls> tls,
                                       NodeNews news) {
  const auto line = HttpLine::settings_of(settings, index, std::move(tls));
  return std::make_shared<AgentWatch>(io, line, std::move(news));
}

}  // namespace novip::probe
