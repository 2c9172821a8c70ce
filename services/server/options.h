// Options: what kithd is told on its command line.
#pragma once

#include <string>

#include "services/runtime/server_builder.h"

namespace kith::server {

struct Options {
  std::string data;               // the data directory, created when missing
  bool new_operator_key = false;  // make and print a key, for an operator who has lost his
  runtime::ServerOptions server;
};

// Parses the command line; prints usage and exits on --help, and on a flag it does not know.
Options ParseOptions(int argc, char** argv);

}  // namespace kith::server
