// Query: what a GET of the Connect protocol says in its URL instead of in headers and a body. Pure;
// any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/edge/codec.h"

namespace kith::edge {

struct Query {
  Encoding encoding = Encoding::kJson;
  std::string message;  // as it was before it came into the URL; maybe compressed
  std::string compression;
};

// Reads "connect=v1&encoding=json&message=%7B%7D&base64=1&compression=gzip". EDGE_ERROR_BAD_REQUEST
// naming the part that is none.
absl::StatusOr<Query> ParseQuery(absl::string_view text);

}  // namespace kith::edge
