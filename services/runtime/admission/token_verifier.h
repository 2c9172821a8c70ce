// TokenVerifier: what the bearer tokens (JWT, RFC 7519) of an identity provider say, once they are
// proved to be its own: signed by one of its keys, for this server, and now.
//
// A token names the workspace, in the claim `kith_workspace` ("workspaces/7"); the user there, in
// `kith_user` or, where there is none, `sub` ("users/01J…"); and what it grants, in `scope`, in the
// words of API keys with spaces between them. Words that mean something to others grant nothing,
// and so do those that reach across workspaces.
//
// A user is named by the name it has here and not by an e-mail address, which people change, and
// which some providers take their word for.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/log/types.h"
#include "services/runtime/admission/authorizer.h"
#include "services/runtime/admission/jwk_set.h"

namespace kith::runtime {

struct TokenOptions {
  std::string jwks;      // the file of the provider's keys; empty: tokens let nobody in
  std::string issuer;    // what the claim `iss` is
  std::string audience;  // what `aud` is, or holds
  absl::Duration clock_skew = absl::Minutes(1);  // between the provider's clock and this one
};

// Whether credentials are meant to be a token: no API key looks so.
bool LooksLikeToken(absl::string_view credentials);

// What the token says. ERROR_TOKEN_INVALID, ERROR_TOKEN_EXPIRED, ERROR_TOKEN_NOT_YET_VALID or
// ERROR_TOKEN_WITHOUT_USER where it lets nobody in; more than that only who holds a token that the
// provider has signed is told, and the server's log. Checks a signature: a tenth of a millisecond.
absl::StatusOr<TokenClaims> VerifyToken(absl::string_view token, const JwkSet& keys,
                                        const TokenOptions& options, absl::Time now);

// ERROR_TOKEN_EXPIRED and ERROR_TOKEN_WITHOUT_USER.
absl::Status TokenExpired();
absl::Status TokenWithoutUser();

}  // namespace kith::runtime
