// Tokens of places in the log and of pages, as callers send them back.
#include "eventstore/base/check.h"
#include "eventstore/log/token.h"
#include "projections/tables/page_token.h"
#include "tests/fuzz/targets.h"

namespace kith::fuzz {

void FuzzToken(absl::string_view bytes) {
  const auto token = eventstore::DecodeToken(bytes);
  if (!token.ok()) return;
  const auto again = eventstore::DecodeToken(eventstore::EncodeToken(*token));
  KITH_CHECK(again.ok() && again->store == token->store && again->epoch == token->epoch);
  KITH_CHECK(again->position == token->position && again->sequence == token->sequence);
}

void FuzzPageToken(absl::string_view bytes) {
  const auto token = projections::DecodePageToken(bytes);
  if (!token.ok()) return;
  const auto again = projections::DecodePageToken(projections::EncodePageToken(*token));
  KITH_CHECK(again.ok() && again->position == token->position && again->query == token->query);
  KITH_CHECK(again->plan == token->plan && again->resume_key == token->resume_key);
}

}  // namespace kith::fuzz
