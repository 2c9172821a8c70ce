// PageToken: where the next page of a list begins, and at which position the first one was read.
//
// Following pages are read at the first page's position, so a list is consistent from its first
// page to its last. A token holds positions of the whole log and keys of rows, and so names of
// people: here it is bytes, which the services seal before a client gets them (services/runtime/
// page_seal.h).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"

namespace kith::projections {

struct PageToken {
  Position position;
  uint64_t query = 0;      // digest of what was asked
  uint32_t plan = 0;       // how the table answers it
  std::string resume_key;  // the last key of the page before
  // What the first page counted relative days and times from, to the microsecond.
  std::optional<absl::Time> moment;
};

std::string EncodePageToken(const PageToken& token);
// ERROR_INVALID_PAGE_TOKEN when it is no page token.
absl::StatusOr<PageToken> DecodePageToken(absl::string_view bytes);
// The position a page must be read at; nullopt for an empty token, which is the first page.
absl::StatusOr<std::optional<Position>> PagePosition(absl::string_view bytes);

// The digest of a query: of its parts, in order.
uint64_t QueryDigest(std::initializer_list<absl::string_view> parts);

// ERROR_INVALID_PAGE_TOKEN with this message.
absl::Status InvalidPageToken(absl::string_view message);

}  // namespace kith::projections
