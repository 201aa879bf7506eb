#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>

namespace novip::admin {

/// Finds out whose password it is among those of a `userlist` that are hashed: on a thread of its
/// own, because a hash takes long on purpose. What was right is remembered, for a page that asks
/// each second. Called, and calling back, on the control thread.
class Passwords {
 public:
  /// Those of the hashes that are of the password.
  using Answer = std::function<void(std::vector<std::string>)>;

  explicit Passwords(boost::asio::io_context& io);
  ~Passwords();
  Passwords(const Passwords&) = delete;
  Passwords& operator=(const Passwords&) = delete;

  /// Who has gone when its turn comes is not answered. Beyond so many questions that wait none of
  /// the hashes counts as the password's: who guesses asks faster than a hash is made.
  static constexpr std::size_t most_waiting = 1000;
  using Asker = std::weak_ptr<const void>;  // its owner is on the control thread
  void check(const Asker& asker, std::vector<std::string> hashes, std::string password,
             const Answer& answer);

 private:
  struct Question {
    Asker asker;
    std::vector<std::string> hashes;
    std::string password;
    Answer answer;
  };
  bool all_known(const std::vector<std::string>& hashes, const std::string& password) const;
  bool start_thread();
  bool enqueue(Question question);
  void run(std::stop_token stop);
  void work_on(Question question);
  void remember(const std::vector<std::string>& right, const std::string& password);

  boost::asio::io_context& io_;
  std::shared_ptr<Passwords*> self_ = std::make_shared<Passwords*>(this);  // none once it is gone
  std::set<std::string> known_;  // digests of a hash and its password
  std::mutex lock_;
  std::condition_variable_any asked_;
  std::deque<Question> questions_;
  std::jthread thread_;  // begins with the first question
};

}  // namespace novip::admin
