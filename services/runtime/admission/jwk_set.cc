#include "services/runtime/admission/jwk_set.h"

#include <cjose/cjose.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace kith::runtime {
namespace {

using Json = nlohmann::json;

constexpr size_t kKeysMax = 100;
constexpr size_t kRsaBitsMin = 2'048;
constexpr size_t kSecretBitsMin = 256;  // as long as the hash

// A text of an object; empty where there is none.
std::string TextOf(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

// What may be signed with a key of this kind, each between spaces.
absl::StatusOr<std::string> AlgorithmsOf(const cjose_jwk_t& key) {
  cjose_err error;
  const size_t bits = cjose_jwk_get_keysize(&key, &error);
  switch (cjose_jwk_get_kty(&key, &error)) {
    case CJOSE_JWK_KTY_RSA:
      if (bits < kRsaBitsMin) {
        return absl::InvalidArgumentError("a key of RSA has at least 2,048 bits");
      }
      return " RS256 PS256 ";
    case CJOSE_JWK_KTY_EC:
      if (cjose_jwk_EC_get_curve(&key, &error) != CJOSE_JWK_EC_P_256) {
        return absl::InvalidArgumentError("of elliptic curves there is P-256");
      }
      return " ES256 ";
    case CJOSE_JWK_KTY_OCT:
      if (bits < kSecretBitsMin) {
        return absl::InvalidArgumentError("a secret has at least 256 bits");
      }
      return " HS256 ";
  }
  return absl::InvalidArgumentError("it is of another kind");
}

absl::StatusOr<Jwk> ParseKey(const Json& json) {
  if (const std::string use = TextOf(json, "use"); !use.empty() && use != "sig") {
    return absl::InvalidArgumentError("it is not for signing (use)");
  }
  const std::string text = json.dump();
  cjose_err error;
  Jwk parsed;
  parsed.key = {cjose_jwk_import(text.data(), text.size(), &error),
                [](cjose_jwk_t* key) { cjose_jwk_release(key); }};
  if (parsed.key == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("it does not parse: ", error.message));
  }
  KITH_ASSIGN_OR_RETURN(parsed.algorithms, AlgorithmsOf(*parsed.key));
  const std::string algorithm = TextOf(json, "alg");
  if (algorithm.empty()) return parsed;
  if (!absl::StrContains(parsed.algorithms, absl::StrCat(" ", algorithm, " "))) {
    return absl::InvalidArgumentError(
        absl::StrCat("it is for ", algorithm, ", and its kind for", parsed.algorithms));
  }
  parsed.algorithms = absl::StrCat(" ", algorithm, " ");
  return parsed;
}

}  // namespace

absl::StatusOr<JwkSet> JwkSet::Parse(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("keys") || !json["keys"].is_array()) {
    return absl::InvalidArgumentError("it is no JSON object with \"keys\"");
  }
  if (json["keys"].empty() || json["keys"].size() > kKeysMax) {
    return absl::InvalidArgumentError(absl::StrCat("it has no key, or more than ", kKeysMax));
  }
  JwkSet set;
  for (const Json& each : json["keys"]) {
    const std::string id = each.is_object() ? TextOf(each, "kid") : "";
    if (id.empty()) return absl::InvalidArgumentError("a key has no id (kid)");
    auto key = ParseKey(each);
    if (!key.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("key ", id, ": ", key.status().message()));
    }
    if (!set.keys_.emplace(id, *std::move(key)).second) {
      return absl::InvalidArgumentError(absl::StrCat("two keys have the id ", id));
    }
  }
  return set;
}

const Jwk* JwkSet::Find(absl::string_view id, absl::string_view algorithm) const {
  const auto found = keys_.find(id);
  if (found == keys_.end() || algorithm.find(' ') != algorithm.npos) return nullptr;
  const bool fits = absl::StrContains(found->second.algorithms, absl::StrCat(" ", algorithm, " "));
  return fits ? &found->second : nullptr;
}

}  // namespace kith::runtime
