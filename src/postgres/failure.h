#pragma once

#include <string>
#include <string_view>

namespace novip::postgres {

/// Why PostgreSQL could not be asked.
struct Failure {
  std::string reason;    // for whoever asks: our own words, nothing PostgreSQL said
  std::string detail;    // for the log: libpq's own message; may be empty
  std::string sqlstate;  // PostgreSQL's own; empty: it said nothing
  bool slow = false;     // a deadline passed: it may be there, and hang
};

/// Our words for an SQLSTATE; `otherwise` when it is empty (the failure was not PostgreSQL's).
std::string reason_for(std::string_view sqlstate, std::string_view otherwise);

/// PostgreSQL is starting or shutting down: 57P01, 57P02 or 57P03.
bool is_starting_or_stopping(std::string_view sqlstate);

/// The SQLSTATE in a connection's error message made with PQERRORS_VERBOSE
/// ("…: FATAL:  57P03: the database system is starting up"); empty when there is none. libpq keeps
/// no other trace of it (there is no PGresult).
std::string sqlstate_in(std::string_view message);

/// The first line of libpq's message: the ones after it are hints and places in PostgreSQL's
/// source.
std::string first_line(std::string_view message);

}  // namespace novip::postgres
