// JwkSet: the keys that tokens are signed with (RFC 7517), read from a file of the operator's.
#pragma once

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct _cjose_jwk_int;

namespace kith::runtime {

// A key, and the one algorithm that it is for. Immutable; any thread.
struct Jwk {
  std::shared_ptr<const _cjose_jwk_int> key;
  // Those of "HS256", "RS256", "PS256", "ES256" that fit it; one where the set says which.
  std::string algorithms;
};

class JwkSet {
 public:
  // InvalidArgument, saying which key and why, where some key cannot be used: it is of another
  // kind, too short, for encryption, has no id, or one that another has.
  static absl::StatusOr<JwkSet> Parse(const std::string& json);

  // The key with this id that is for this algorithm; null where there is none.
  const Jwk* Find(absl::string_view id, absl::string_view algorithm) const;

 private:
  absl::flat_hash_map<std::string, Jwk> keys_;
};

}  // namespace kith::runtime
