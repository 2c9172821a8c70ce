// Tokens of places in the log and of pages, as callers send them back.
#include "eventstore/base/check.h"
#include "eventstore/log/token.h"
#include "projections/tables/page_token.h"
#include "tests/fuzz/targets.h"

namespace kith::fuzz {

void FuzzToken(absl::string_view bytes) {
  const eventstore::TokenSealer sealer{eventstore::SecretKey()};
  const auto token = eventstore::OpenToken(sealer, bytes);
  if (!token.ok()) return;
  // One of the first version names its store, and is sealed no more.
  if (token->store.empty()) KITH_CHECK(eventstore::SealToken(sealer, *token) == bytes);
}

void FuzzPageToken(absl::string_view bytes) {
  const auto token = projections::DecodePageToken(bytes);
  if (!token.ok()) return;
  const auto again = projections::DecodePageToken(projections::EncodePageToken(*token));
  KITH_CHECK(again.ok() && again->position == token->position && again->query == token->query);
  KITH_CHECK(again->plan == token->plan && again->resume_key == token->resume_key);
}

}  // namespace kith::fuzz
