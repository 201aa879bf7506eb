#include <algorithm>

#include "base/text.h"
#include "config/parser.h"
#include "config/predicate.h"

// Lines that begin with a dot: conditional blocks, and what a file tells its reader.

namespace novip::config {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 1; i < words.size(); ++i) text += (i > 1 ? " " : "") + words[i];
  return text;
}

constexpr std::string_view names[] = {".if",     ".elif",    ".else",  ".endif",
                                      ".notice", ".warning", ".alert", ".diag"};

}  // namespace

/// True when the line was a directive, or is in a block that does not count.
bool Parser::run_directive(const std::vector<std::string>& words) {
  const std::string& name = words[0];
  if (name == ".if") {
    open_block(words);
  } else if (name == ".elif" || name == ".else" || name == ".endif") {
    if (blocks_.empty())
      error("lone '" + name + "' with no matching '.if'");
    else
      go_on_in_block(words);
  } else if (!block_counts()) {
    return true;
  } else if (name.starts_with('.')) {
    tell(words);
  } else {
    return false;
  }
  return true;
}

void Parser::open_block(const std::vector<std::string>& words) {
  Block block;
  block.where = here_;
  block.done = !block_counts();  // nothing in a block that does not count is looked at
  blocks_.push_back(block);
  if (!block.done) enter_block(words);
}

/// `.elif`, `.else`, `.endif`: of several branches the first that holds counts.
void Parser::go_on_in_block(const std::vector<std::string>& words) {
  Block& block = blocks_.back();
  const std::string& name = words[0];
  if (name == ".endif") {
    blocks_.pop_back();
    return;
  }
  if (block.last) return error("'" + name + "' after '.else' is not permitted");
  block.last = name == ".else";
  block.done = block.done || block.counts;
  block.counts = false;
  if (block.done) return;
  if (name == ".else")
    block.counts = true;
  else
    enter_block(words);
}

void Parser::enter_block(const std::vector<std::string>& words) {
  const std::string expression = joined(words);
  const auto truth = evaluate_predicates(expression, environment_);
  Block& block = blocks_.back();
  if (truth) {
    block.counts = *truth;
    return;
  }
  block.done = true;
  error(truth.error().reason + " conditional expression '" + expression + "' in '" + words[0] +
        format("' at position %zu", truth.error().at + 1));
}

void Parser::tell(const std::vector<std::string>& words) {
  const std::string& name = words[0];
  const bool known = std::ranges::find(names, name) != std::end(names);
  if (!known) {
    const auto near = nearest(name, names);
    return error("unknown directive '" + name + "'" +
                 (near ? "; did you mean '" + std::string(*near) + "'?" : ""));
  }
  if (words.size() > 2)
    return error("unexpected argument '" + words[2] + "' for '" + name +
                 "'; use quotes if the message should contain spaces");
  const std::string text = "'" + (words.size() > 1 ? words[1] : "") + "'";
  if (name == ".alert") error(text);
  if (name == ".warning") warning(text);
  if (name == ".notice") remarks_.push_back({Remark::Kind::notice, here_, text});
}

bool Parser::block_counts() const { return blocks_.empty() || blocks_.back().counts; }

/// A block never goes on in the next file.
void Parser::close_blocks() {
  for (const Block& block : blocks_) error_at(block.where, "'.if' without '.endif'");
  blocks_.clear();
}

}  // namespace novip::config
