#pragma once

#include <string>
#include <string_view>

namespace novip::agent {

/// Why PostgreSQL's role is not known.
struct Failure {
  std::string reason;  // for whoever asks the port: our own words, nothing PostgreSQL said
  std::string detail;  // for the log: libpq's own message; may be empty
};

/// Our words for an SQLSTATE; `otherwise` when it is empty (the failure was not PostgreSQL's).
std::string reason_for(std::string_view sqlstate, std::string_view otherwise);

/// The SQLSTATE in a connection's error message made with PQERRORS_VERBOSE
/// ("…: FATAL:  57P03: the database system is starting up"); empty when there is none. libpq keeps
/// no other trace of it (there is no PGresult). Only the choice of words depends on it.
std::string sqlstate_in(std::string_view message);

/// The first line of libpq's message: the ones after it are hints and places in PostgreSQL's
/// source.
std::string first_line(std::string_view message);

}  // namespace novip::agent
