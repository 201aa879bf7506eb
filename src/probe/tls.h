#pragma once

#include <memory>

#include <boost/asio/ssl/context.hpp>

#include "tls/openssl.h"

namespace novip::probe {

/// The same as Asio wants it.
inline std::shared_ptr<boost::asio::ssl::context> for_asio(const tls::Context& context) {
  SSL_CTX_up_ref(context.get());  // Asio's owns one
  return std::make_shared<boost::asio::ssl::context>(context.get());
}

}  // namespace novip::probe
