#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "admin/page_request.h"
#include "admin/scope.h"
#include "admin/statistics.h"

/// What operators do to servers with the page's form.
namespace novip::admin {

/// One choice of the form: HAProxy's word for it and its label.
struct PageAction {
  std::string_view word;
  std::string_view label;
};
std::span<const PageAction> page_actions();

/// The backend that an order means by its name, or by "#" and its number. A reload may have given
/// either of them anew: one that is retired comes after one that is not.
std::optional<std::size_t> find_backend(const cluster::Roster& roster, std::string_view text);

/// How an order ended, as HAProxy's page says it after "st=".
enum class OrderResult { done, none, part, invalid, denied };
std::string_view code_of(OrderResult result);  // "DONE"
/// The sentence for a code; empty: there is none such.
std::string_view sentence_of(std::string_view code);

/// Carries it out on each of its servers, of a backend in scope. `who`, for the log and the events:
/// "dba (10.0.0.1)".
OrderResult carry_out(const Statistics& statistics, const Scope& scope, const PageOrder& order,
                      const std::string& who, TimePoint now);

}  // namespace novip::admin
