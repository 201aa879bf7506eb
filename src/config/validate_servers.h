#pragma once

#include <string>
#include <vector>

#include "config/parser.h"

namespace novip::config {

/// "listen 'prod'"
std::string title(const Proxy& proxy);

/// Gives ids: from 1 in the order of the file; a number given with `id` is left out, and so is one
/// for each.
void number_servers(std::vector<Server>& servers);

/// Finds the address of a server and its `resolvers`; `name` is "server 'prod/srv1'".
void find_server(Parser& parser, const std::string& name, Server& server);

/// Numbers the servers of a backend, judges them and their checks, and finds their addresses.
/// Nothing is left to do in a role pool.
void validate_servers(Parser& parser, Draft& draft);

}  // namespace novip::config
