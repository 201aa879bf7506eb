#include <algorithm>

#include "base/password.h"
#include "base/text.h"
#include "config/parser.h"

// Section `userlist`: who may see the statistics page.

namespace novip::config {

namespace {

std::vector<std::string> names_in(const std::string& list) {
  std::vector<std::string> names;
  for (const auto name : split(list, ','))
    if (!name.empty()) names.emplace_back(name);
  return names;
}

void add_group(Parser& p, const Arguments& words) {
  Userlist& list = p.userlist();
  if (std::ranges::find(list.groups, words[0], &Userlist::Group::name) != list.groups.end())
    return p.warning("ignoring duplicated group '" + words[0] + "' in userlist '" + list.name +
                     "'");
  if (words.size() != 1 && (words.size() != 3 || words[1] != "users"))
    return p.error("'group' expects a name, and then nothing or 'users <user>,…'");
  list.groups.push_back({p.here(), words[0], names_in(words[2])});
}

void add_user(Parser& p, const Arguments& words) {
  Userlist& list = p.userlist();
  Userlist::User user;
  user.name = words[0];
  if (std::ranges::find(list.users, user.name, &Userlist::User::name) != list.users.end())
    return p.warning("ignoring duplicated user '" + user.name + "' in userlist '" + list.name +
                     "'");
  for (std::size_t i = 1; i < words.size(); i += 2) {
    const std::string& value = words[i + 1];
    user.hashed = user.hashed || words[i] == "password";
    if (words[i] == "password" || words[i] == "insecure-password")
      user.password = value;
    else if (words[i] == "groups")
      user.groups = names_in(value);
    else
      return p.error("'user' expects 'password', 'insecure-password' or 'groups' as its word " +
                     std::to_string(i + 1) + "; " + std::string(quoting_text));
    if (value.empty()) return p.error("'" + words[i] + "' expects a value");
  }
  if (user.hashed && !is_password_hash(user.password))
    p.warning("nobody gets in as user '" + user.name +
              "': the password is not a hash that crypt(3) knows, such as $6$…; 'openssl passwd "
              "-6' makes one, and a password in clear follows 'insecure-password'");
  list.users.push_back(std::move(user));
}

constexpr Keyword userlist_rows[] = {
    {"group", in_userlist, 1, 3, add_group, "a name"},
    {"user", in_userlist, 1, any_number, add_user, "a name and a password"},
};

}  // namespace

std::span<const Keyword> userlist_keywords() { return userlist_rows; }

}  // namespace novip::config
