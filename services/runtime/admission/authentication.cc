#include "services/runtime/admission/authentication.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/admission/certificate_end.h"

namespace kith::runtime {
namespace {

constexpr absl::string_view kBearer = "bearer ";

// ERROR_UNAUTHENTICATED where it is nobody.
absl::StatusOr<std::shared_ptr<const Caller>> Somebody(std::shared_ptr<const Caller> caller) {
  if (caller != nullptr) return caller;
  return Error(type::v1::ERROR_UNAUTHENTICATED,
               "No valid credentials. Send the metadata `authorization: Bearer <API key>`.");
}

absl::Status KeyExpired(const Caller& caller) {
  const std::string key = absl::StrCat("apiKeys/", caller.actor);
  const std::string time = absl::FormatTime(caller.expire_time, absl::UTCTimeZone());
  return Error(
      type::v1::ERROR_KEY_EXPIRED,
      absl::StrCat("What you show of the API key ", key, " counts no longer since ", time,
                   ": the key expired, or was rotated, or the certificate that stands for it "
                   "expired. Get another key, its new secret, or a new certificate, from "
                   "whoever makes the keys of your workspace."),
      {{"key", key}, {"expire_time", time}});
}

absl::Status NotLetIn(const Caller& caller) {
  const std::string name = absl::StrCat("workspaces/", caller.workspace.value());
  if (caller.standing == Standing::kSuspended) {
    return Error(type::v1::ERROR_WORKSPACE_SUSPENDED,
                 absl::StrCat(name, " is suspended. Ask the server's operator; nothing is lost."),
                 {{"workspace", name}});
  }
  return Error(type::v1::ERROR_WORKSPACE_CLOSED,
               absl::StrCat(name, " was deleted: its credentials let nobody in any more."),
               {{"workspace", name}});
}

}  // namespace

absl::StatusOr<std::unique_ptr<Authentication>> Authentication::Open(
    const AuthenticationOptions& options, const Authorizer& authorizer,
    const eventstore::EventLog& log, const Clock& clock) {
  auto made = std::unique_ptr<Authentication>(new Authentication(options, authorizer, log));
  if (!options.tokens.jwks.empty()) {
    KITH_ASSIGN_OR_RETURN(made->jwks_, CredentialFile<JwkSet>::Open("jwks", options.tokens.jwks,
                                                                    JwkSet::Parse, clock));
  }
  if (!options.client_keys.empty()) {
    KITH_ASSIGN_OR_RETURN(made->client_keys_,
                          CredentialFile<ClientKeys>::Open("client_keys", options.client_keys,
                                                           ParseClientKeys, clock));
  }
  return made;
}

uint64_t Authentication::generation() const {
  return authorizer_.generation() + (jwks_ == nullptr ? 0 : jwks_->generation()) +
         (client_keys_ == nullptr ? 0 : client_keys_->generation());
}

absl::Status Authentication::CheckStanding(const Caller& caller) const {
  if (caller.standing != Standing::kActive) return NotLetIn(caller);
  if (caller.expire_time == absl::InfiniteFuture() || log_.Now() < caller.expire_time) {
    return absl::OkStatus();
  }
  return caller.has_token ? TokenExpired() : KeyExpired(caller);
}

absl::StatusOr<std::shared_ptr<const Caller>> Authentication::CallerOf(
    const Carrier& carrier) const {
  KITH_ASSIGN_OR_RETURN(std::shared_ptr<const Caller> caller, Shown(carrier));
  KITH_RETURN_IF_ERROR(CheckStanding(*caller));
  return caller;
}

absl::StatusOr<std::shared_ptr<const Caller>> Authentication::Shown(const Carrier& carrier) const {
  absl::string_view shown = carrier.Metadata("authorization");
  if (shown.empty()) return Somebody(CallerOfCertificate(carrier));
  // Neither a key nor a token has a comma: the carrier puts it between several.
  if (absl::StrContains(shown, ',')) {
    return Error(
        type::v1::ERROR_UNAUTHENTICATED,
        "The call shows several credentials. Send the metadata `authorization: Bearer <API "
        "key>` once.");
  }
  if (!absl::StartsWithIgnoreCase(shown, kBearer)) return Somebody(nullptr);
  shown.remove_prefix(kBearer.size());
  if (jwks_ != nullptr && LooksLikeToken(shown)) return CallerOfToken(shown);
  return Somebody(authorizer_.Authenticate(shown));
}

std::shared_ptr<const Caller> Authentication::CallerOfCertificate(const Carrier& carrier) const {
  if (client_keys_ == nullptr) return nullptr;
  const auto keys = client_keys_->Current();
  const std::vector<std::string> names = carrier.certified_names();
  for (const std::string& name : names) {
    const auto found = keys->find(name);
    if (found == keys->end()) continue;
    auto caller = authorizer_.CallerOfKey(found->second.workspace, found->second.key);
    const absl::Time end = CertificateEndIn(names);
    if (caller == nullptr || caller->expire_time <= end) return caller;
    auto until = std::make_shared<Caller>(*caller);
    until->expire_time = end;
    return until;
  }
  return nullptr;
}

absl::StatusOr<std::shared_ptr<const Caller>> Authentication::CallerOfToken(
    absl::string_view token) const {
  // Before the questions that they are to mark the answers of.
  const uint64_t keys = jwks_->generation();
  const uint64_t directory = authorizer_.generation();
  const Sha256Hash hash = Sha256::Of(token);
  std::shared_ptr<const Known> known = Find(hash);
  if (known != nullptr && known->keys == keys && known->directory == directory) {
    return known->caller;
  }
  auto made = std::make_shared<Known>();
  if (known != nullptr && known->keys == keys) {
    made->claims = known->claims;
  } else {
    verified_.fetch_add(1, std::memory_order_relaxed);
    KITH_ASSIGN_OR_RETURN(made->claims,
                          VerifyToken(token, *jwks_->Current(), options_.tokens, log_.Now()));
  }
  made->keys = keys;
  KITH_ASSIGN_OR_RETURN(made->caller, authorizer_.CallerOfUser(made->claims));
  made->directory = directory;
  auto caller = made->caller;
  Remember(hash, std::move(made));
  return caller;
}

std::shared_ptr<const Authentication::Known> Authentication::Find(const Sha256Hash& hash) const {
  MutexLock lock(mutex_);
  if (const auto found = recent_.find(hash); found != recent_.end()) return found->second;
  const auto found = before_.find(hash);
  if (found == before_.end()) return nullptr;
  auto known = found->second;
  if (recent_.size() < options_.tokens_max / 2) {
    before_.erase(found);
    recent_.emplace(hash, known);
  }
  return known;
}

void Authentication::Remember(const Sha256Hash& hash, std::shared_ptr<const Known> known) const {
  MutexLock lock(mutex_);
  if (recent_.size() >= options_.tokens_max / 2) {
    before_ = std::exchange(recent_, {});
  }
  recent_[hash] = std::move(known);
}

}  // namespace kith::runtime
