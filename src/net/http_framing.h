#pragma once

#include <boost/beast/http/parser.hpp>

namespace novip::net {

/// Whether the end of a request's body cannot be told: its last transfer coding is not "chunked"
/// (RFC 9112 section 6.3). Beast reads such a request as one without a body, and what follows as
/// another request: it must be refused, and the connection closed.
template <class Body>
bool is_unframed(const boost::beast::http::request_parser<Body>& parser) {
  const auto& fields = parser.get();
  return fields.count(boost::beast::http::field::transfer_encoding) != 0 && !parser.chunked();
}

}  // namespace novip::net
