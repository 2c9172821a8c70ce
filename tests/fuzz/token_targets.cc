// Tokens of places in the log and of pages, as callers send them back.
#include "absl/strings/escaping.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/check.h"
#include "eventstore/base/crc32c.h"
#include "eventstore/log/token.h"
#include "eventstore/seal/token_sealer.h"
#include "projections/tables/page_token.h"
#include "tests/fuzz/targets.h"

namespace kith::fuzz {
namespace {

using eventstore::OpenToken;
using eventstore::SealToken;
using eventstore::TokenSealer;

const TokenSealer& Sealer() {
  static const auto& sealer = *new TokenSealer(eventstore::SecretKey());
  return sealer;
}

// Whether bytes come back from being sealed, to whom they were sealed for only.
void SealAndOpen(absl::string_view bytes) {
  const std::string sealed = Sealer().Seal("fuzz", bytes);
  KITH_CHECK(Sealer().Open("fuzz", sealed) == std::string(bytes));
  KITH_CHECK(!Sealer().Open("other", sealed).has_value());
}

void OpenAndSeal(absl::string_view text) {
  const auto token = OpenToken(Sealer(), text);
  // One of the first version names its store, and is sealed no more.
  if (!token.ok() || !token->store.empty()) return;
  const auto again = OpenToken(Sealer(), SealToken(Sealer(), *token));
  KITH_CHECK(again.ok() && again->epoch == token->epoch && again->position == token->position);
  KITH_CHECK(again->sequence == token->sequence);
}

}  // namespace

void FuzzToken(absl::string_view bytes) {
  OpenAndSeal(bytes);
  SealAndOpen(bytes);
  // Nobody makes a sealed text, or a checksum, by chance. With one that is right the rest of the
  // decoder is met.
  OpenAndSeal(Sealer().Seal("position", bytes));
  std::string first_version(bytes);
  AppendFixed32(Crc32c(bytes), &first_version);
  OpenAndSeal(absl::WebSafeBase64Escape(first_version));
}

void FuzzPageToken(absl::string_view bytes) {
  const auto opened = Sealer().Open("page", bytes);
  KITH_CHECK(!opened.has_value() || Sealer().Seal("page", *opened) == bytes);
  const auto token = projections::DecodePageToken(bytes);
  if (!token.ok()) return;
  const auto again = projections::DecodePageToken(projections::EncodePageToken(*token));
  KITH_CHECK(again.ok() && again->position == token->position && again->query == token->query);
  KITH_CHECK(again->plan == token->plan && again->resume_key == token->resume_key);
}

}  // namespace kith::fuzz
