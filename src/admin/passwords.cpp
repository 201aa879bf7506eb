#include "admin/passwords.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <boost/asio/post.hpp>
#include <openssl/sha.h>

#include "base/password.h"

namespace novip::admin {

namespace {

constexpr std::size_t most_known = 1000;

std::string digest_of(const std::string& hash, const std::string& password) {
  const std::string both = hash + '\0' + password;
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  ::SHA256(reinterpret_cast<const unsigned char*>(both.data()), both.size(),
           reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

}  // namespace

Passwords::Passwords(boost::asio::io_context& io) : io_(io) {}

Passwords::~Passwords() {
  *self_ = nullptr;
  thread_.request_stop();
}

void Passwords::check(const Asker& asker, std::vector<std::string> hashes, std::string password,
                      const Answer& answer) {
  if (hashes.empty() || all_known(hashes, password)) return answer(std::move(hashes));
  if (!start_thread() || !enqueue({asker, std::move(hashes), std::move(password), answer}))
    answer({});
}

/// Only once somebody is to be proven. False: memory has run out.
bool Passwords::start_thread() {
  if (thread_.joinable()) return true;
  try {
    thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

/// False: there is no room.
bool Passwords::enqueue(Question question) {
  const std::lock_guard held(lock_);
  if (questions_.size() >= most_waiting)
    std::erase_if(questions_, [](const Question& other) { return other.asker.expired(); });
  if (questions_.size() >= most_waiting) return false;
  questions_.push_back(std::move(question));
  asked_.notify_one();
  return true;
}

bool Passwords::all_known(const std::vector<std::string>& hashes,
                          const std::string& password) const {
  return std::ranges::all_of(
      hashes, [&](const std::string& hash) { return known_.contains(digest_of(hash, password)); });
}

void Passwords::run(std::stop_token stop) {
  for (;;) {
    std::unique_lock held(lock_);
    const bool asked = asked_.wait(held, stop, [this] { return !questions_.empty(); });
    if (!asked || stop.stop_requested()) return;
    Question question = std::move(questions_.front());
    questions_.pop_front();
    held.unlock();
    if (!question.asker.expired()) work_on(std::move(question));
  }
}

void Passwords::work_on(Question question) {
  auto right = std::move(question.hashes);
  std::erase_if(
      right, [&question](const std::string& hash) { return !is_hash_of(hash, question.password); });
  boost::asio::post(
      io_, [self = self_, right = std::move(right), password = std::move(question.password),
            answer = std::move(question.answer), asker = std::move(question.asker)] {
        if (*self != nullptr) (*self)->remember(right, password);
        if (!asker.expired()) answer(right);
      });
}

void Passwords::remember(const std::vector<std::string>& right, const std::string& password) {
  if (known_.size() + right.size() > most_known) known_.clear();
  for (const auto& hash : right) known_.insert(digest_of(hash, password));
}

}  // namespace novip::admin
