// Authentication: who calls, by what the call shows: an API key, a token of an identity provider,
// or the certificate that the client's connection began with.
//
// A token's signature is checked when it comes first; then what it said is remembered, by its hash,
// for as long as it counts, its provider's keys do, and there is room. Owned by the server.
// Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/metrics.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/sha256.h"
#include "eventstore/log/event_log.h"
#include "services/runtime/admission/authorizer.h"
#include "services/runtime/admission/client_keys.h"
#include "services/runtime/admission/credential_file.h"
#include "services/runtime/admission/token_verifier.h"
#include "services/runtime/requests/carrier.h"

namespace kith::runtime {

struct AuthenticationOptions {
  TokenOptions tokens;
  std::string client_keys;     // the file of ClientKeys; empty: certificates alone let nobody in
  size_t tokens_max = 20'000;  // that are remembered
};

class Authentication {
 public:
  // Borrows the authorizer, the log and the clock. InvalidArgument, in a line that names the file,
  // where one cannot be used.
  static absl::StatusOr<std::unique_ptr<Authentication>> Open(const AuthenticationOptions& options,
                                                              const Authorizer& authorizer,
                                                              const eventstore::EventLog& log,
                                                              const Clock& clock);

  // Who makes the call that came so; ERROR_UNAUTHENTICATED, ERROR_KEY_EXPIRED or one of
  // ERROR_TOKEN_…. What the call shows goes before the connection's certificate: where that is
  // wrong, nobody is let in for it.
  absl::StatusOr<std::shared_ptr<const Caller>> CallerOf(const Carrier& carrier) const
      KITH_EXCLUDES(mutex_);
  // OK, or ERROR_KEY_EXPIRED or ERROR_TOKEN_EXPIRED where the caller's credentials no longer count,
  // or ERROR_WORKSPACE_SUSPENDED or ERROR_WORKSPACE_CLOSED. What has ended by the log's time, which
  // is not set back, has ended.
  absl::Status CheckStanding(const Caller& caller) const;
  // As Authorizer::generation.
  uint64_t generation() const;

 private:
  // A token, as it was when it came first.
  struct Known {
    TokenClaims claims;
    uint64_t keys = 0;  // the generation of the keys that proved it
    std::shared_ptr<const Caller> caller;
    uint64_t directory = 0;  // the generation of the authorizer that made the caller
  };
  using KnownTokens = absl::flat_hash_map<Sha256Hash, std::shared_ptr<const Known>>;

  Authentication(const AuthenticationOptions& options, const Authorizer& authorizer,
                 const eventstore::EventLog& log)
      : options_(options), authorizer_(authorizer), log_(log) {}

  // Whose credentials the call shows, whether they count now or not.
  absl::StatusOr<std::shared_ptr<const Caller>> Shown(const Carrier& carrier) const
      KITH_EXCLUDES(mutex_);
  absl::StatusOr<std::shared_ptr<const Caller>> CallerOfToken(absl::string_view token) const
      KITH_EXCLUDES(mutex_);
  std::shared_ptr<const Caller> CallerOfCertificate(const Carrier& carrier) const;
  std::shared_ptr<const Known> Find(const Sha256Hash& hash) const KITH_EXCLUDES(mutex_);
  void Remember(const Sha256Hash& hash, std::shared_ptr<const Known> known) const
      KITH_EXCLUDES(mutex_);

  const AuthenticationOptions options_;
  const Authorizer& authorizer_;
  const eventstore::EventLog& log_;
  std::unique_ptr<CredentialFile<JwkSet>> jwks_;             // null: no tokens
  std::unique_ptr<CredentialFile<ClientKeys>> client_keys_;  // null: no certificates
  mutable Mutex mutex_;
  // Half of what is remembered each: when one is full, the other, which nobody asked for since,
  // makes room.
  mutable KnownTokens recent_ KITH_GUARDED_BY(mutex_);
  mutable KnownTokens before_ KITH_GUARDED_BY(mutex_);
  mutable std::atomic<int64_t> verified_ = 0;
  const MetricSource metrics_{[this](MetricPage& page) {
    page.Counter("kith_token_verifications_total",
                 "Tokens whose signature was checked, or tried; others were known.",
                 static_cast<double>(verified_.load(std::memory_order_relaxed)));
  }};
};

}  // namespace kith::runtime
