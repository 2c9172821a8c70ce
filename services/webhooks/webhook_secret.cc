#include "services/webhooks/webhook_secret.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/sha256.h"

namespace kith::webhooks {
namespace {

constexpr absl::string_view kPurpose = "webhook_secret";  // persisted inside every secret

template <class Bytes>
std::string Hex(const Bytes& bytes) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace

std::string SecretOf(const eventstore::KeyStore& keys, WorkspaceId workspace,
                     absl::string_view webhook, absl::string_view id) {
  // One is cut to half of what a secret has.
  return absl::StrCat("kithwh_",
                      Hex(keys.Mac(workspace, kPurpose, absl::StrCat(webhook, "/", id, "/0"))),
                      Hex(keys.Mac(workspace, kPurpose, absl::StrCat(webhook, "/", id, "/1"))));
}

std::string Signature(const std::vector<std::string>& secrets, int64_t seconds,
                      absl::string_view body) {
  const std::string signed_text = absl::StrCat(seconds, ".", body);
  std::string signature;
  for (const std::string& secret : secrets) {
    absl::StrAppend(&signature, signature.empty() ? "" : ", ",
                    Hex(HmacSha256(secret).Of(signed_text)));
  }
  return signature;
}

}  // namespace kith::webhooks
