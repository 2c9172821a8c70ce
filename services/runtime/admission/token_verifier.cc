#include "services/runtime/admission/token_verifier.h"

#include <cjose/cjose.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/error.h"
#include "eventstore/base/log.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "nlohmann/json.hpp"
#include "services/runtime/admission/client_keys.h"

namespace kith::runtime {
namespace {

using Json = nlohmann::json;

constexpr size_t kTokenBytesMax = 8 << 10;
constexpr size_t kUserBytesMax = 64;
// Of the year 9999: what is later is no time.
constexpr double kSecondsMax = 253'402'300'800;

struct ReleaseJws {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};
using Jws = std::unique_ptr<cjose_jws_t, ReleaseJws>;

// Whoever made it up learns nothing of what would have been right.
absl::Status Invalid(absl::string_view why) {
  Log(LogLevel::kInfo, "token refused", {{"why", why}});
  return Error(type::v1::ERROR_TOKEN_INVALID,
               "The token is none of this server's identity provider for this server.");
}

// A text of the token's header; empty where there is none.
std::string HeaderText(const Jws& jws, const char* name) {
  cjose_err error;
  const char* const text = cjose_header_get(cjose_jws_get_protected(jws.get()), name, &error);
  return text == nullptr ? "" : text;
}

bool HasHeader(const Jws& jws, const char* name) {
  cjose_err error;
  char* const raw = cjose_header_get_raw(cjose_jws_get_protected(jws.get()), name, &error);
  const bool has = raw != nullptr;
  std::free(raw);  // NOLINT(cppcoreguidelines-no-malloc): cjose's
  return has;
}

// The claims, of a token whose signature is right.
absl::StatusOr<Json> SignedClaims(absl::string_view token, const JwkSet& keys) {
  if (token.size() > kTokenBytesMax) return Invalid("longer than 8 KiB");
  cjose_err error;
  const Jws jws(cjose_jws_import(token.data(), token.size(), &error));
  if (jws == nullptr) return Invalid("no JWS in compact form, or of an algorithm not known");
  // What it says has to be understood (RFC 7515, 4.1.11), and none is.
  if (HasHeader(jws, "crit")) return Invalid("critical headers");
  const Jwk* const key = keys.Find(HeaderText(jws, "kid"), HeaderText(jws, "alg"));
  if (key == nullptr) return Invalid("no such key for such an algorithm");
  if (!cjose_jws_verify(jws.get(), key->key.get(), &error)) return Invalid("wrong signature");
  uint8_t* bytes = nullptr;
  size_t size = 0;
  if (!cjose_jws_get_plaintext(jws.get(), &bytes, &size, &error)) return Invalid("no claims");
  Json claims = Json::parse(bytes, bytes + size, nullptr, /*allow_exceptions=*/false);
  if (!claims.is_object()) return Invalid("claims that are no JSON object");
  return claims;
}

std::string TextOf(const Json& claims, const char* name) {
  const auto found = claims.find(name);
  return found != claims.end() && found->is_string() ? found->get<std::string>() : "";
}

// A moment in seconds since 1970; none where the claim is not there or no such number.
std::optional<absl::Time> TimeOf(const Json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_number()) return std::nullopt;
  const double seconds = found->get<double>();
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kSecondsMax) return std::nullopt;
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

bool IsFor(const Json& claims, const std::string& audience) {
  const auto found = claims.find("aud");
  if (found == claims.end()) return false;
  if (found->is_string()) return *found == audience;
  return found->is_array() && std::any_of(found->begin(), found->end(), [&](const Json& each) {
           return each.is_string() && each == audience;
         });
}

// Whether now is within the times of the claims; until when in `expire_time`.
absl::Status CheckTimes(const Json& claims, const TokenOptions& options, absl::Time now,
                        absl::Time* expire_time) {
  const std::optional<absl::Time> expires = TimeOf(claims, "exp");
  if (!expires.has_value()) return Invalid("no time of expiry");
  *expire_time = *expires + options.clock_skew;
  if (now >= *expire_time) return TokenExpired();
  if (!claims.contains("nbf")) return absl::OkStatus();
  const std::optional<absl::Time> begins = TimeOf(claims, "nbf");
  if (!begins.has_value()) return Invalid("a time to begin that is none");
  if (now >= *begins - options.clock_skew) return absl::OkStatus();
  return Error(type::v1::ERROR_TOKEN_NOT_YET_VALID, "The token does not count yet.");
}

Grants GrantsOf(const Json& claims) {
  std::vector<std::string> grants;
  for (const absl::string_view word :
       absl::StrSplit(TextOf(claims, "scope"), ' ', absl::SkipEmpty())) {
    // The operator of the server is no user of a workspace.
    if (absl::StartsWith(word, "operator.")) continue;
    if (word == "*" || absl::StrContains(word, '.')) grants.emplace_back(word);
  }
  return Grants(std::move(grants));
}

}  // namespace

bool LooksLikeToken(absl::string_view credentials) {
  return std::count(credentials.begin(), credentials.end(), '.') == 2;
}

absl::Status TokenExpired() {
  return Error(type::v1::ERROR_TOKEN_EXPIRED, "The token has expired. Get a new one.");
}

absl::Status TokenWithoutUser() {
  return Error(type::v1::ERROR_TOKEN_WITHOUT_USER,
               "The token names no workspace and user of this server: its claims kith_workspace "
               "(\"workspaces/7\") and kith_user or sub (\"users/01J…\") have to.");
}

absl::StatusOr<TokenClaims> VerifyToken(absl::string_view token, const JwkSet& keys,
                                        const TokenOptions& options, absl::Time now) {
  KITH_ASSIGN_OR_RETURN(const Json claims, SignedClaims(token, keys));
  if (TextOf(claims, "iss") != options.issuer) return Invalid("another issuer");
  if (!IsFor(claims, options.audience)) return Invalid("another audience");
  TokenClaims told;
  KITH_RETURN_IF_ERROR(CheckTimes(claims, options, now, &told.expire_time));
  told.workspace = ParseWorkspace(TextOf(claims, "kith_workspace"));
  told.user = TextOf(claims, claims.contains("kith_user") ? "kith_user" : "sub");
  const bool is_user = absl::StartsWith(told.user, "users/") && told.user.size() <= kUserBytesMax;
  if (!is_user || told.workspace == WorkspaceId()) return TokenWithoutUser();
  told.grants = GrantsOf(claims);
  return told;
}

}  // namespace kith::runtime
