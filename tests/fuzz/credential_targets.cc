// Tokens of identity providers, as callers show them, and the files that say whom to let in.
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/sha256.h"
#include "services/runtime/admission/client_keys.h"
#include "services/runtime/admission/token_verifier.h"
#include "tests/fuzz/targets.h"

namespace kith::fuzz {
namespace {

constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";
constexpr absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

std::string Base64(absl::string_view bytes) {
  std::string text = absl::WebSafeBase64Escape(bytes);
  while (absl::EndsWith(text, "=")) text.pop_back();
  return text;
}

const runtime::JwkSet& Keys() {
  static const auto& keys = *new runtime::JwkSet(
      runtime::JwkSet::Parse(
          absl::StrCat(R"({"keys":[{"kty":"oct","kid":"k","k":")", Base64(kSecret), R"("}]})"))
          .value());
  return keys;
}

std::string Signed(absl::string_view header, absl::string_view claims) {
  const std::string text = absl::StrCat(Base64(header), ".", Base64(claims));
  const Sha256Hash hash = HmacSha256(kSecret).Of(text);
  return absl::StrCat(text, ".", Base64({reinterpret_cast<const char*>(hash.data()), hash.size()}));
}

absl::StatusOr<runtime::TokenClaims> Verify(absl::string_view token) {
  runtime::TokenOptions options;
  options.issuer = "id";
  options.audience = "kith";
  return runtime::VerifyToken(token, Keys(), options, kNow);
}

}  // namespace

// A header, a line feed, and claims.
void FuzzBearerToken(absl::string_view bytes) {
  KITH_CHECK(!Verify(bytes).ok());  // nobody signs by chance
  const size_t end = std::min(bytes.find('\n'), bytes.size());
  const auto claims =
      Verify(Signed(bytes.substr(0, end), bytes.substr(std::min(end + 1, bytes.size()))));
  if (!claims.ok()) return;
  KITH_CHECK(claims->workspace != WorkspaceId() && absl::StartsWith(claims->user, "users/"));
  KITH_CHECK(claims->expire_time > kNow);
  for (const std::string& grant : claims->grants.patterns()) {
    KITH_CHECK(!absl::StartsWith(grant, "operator."));
  }
}

void FuzzCredentialFile(absl::string_view bytes) {
  runtime::JwkSet::Parse(std::string(bytes)).IgnoreError();
  const auto keys = runtime::ParseClientKeys(std::string(bytes));
  if (!keys.ok()) return;
  for (const auto& [name, key] : *keys) {
    KITH_CHECK(absl::StartsWith(name, "URI:") || absl::StartsWith(name, "DNS:"));
    KITH_CHECK(key.workspace != WorkspaceId() && absl::StartsWith(key.key, "apiKeys/"));
  }
}

}  // namespace kith::fuzz
