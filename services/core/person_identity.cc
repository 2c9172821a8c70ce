#include "services/core/person_identity.h"

#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/normalise.h"

namespace kith {
namespace {

// What the law of a company's country adds to its name. Inside hashes of the log's tags: others are
// other keys.
constexpr absl::string_view kLegalForms[] = {
    "ab",          "ag",   "aps",  "as",  "bv",           "co",  "company", "corp",
    "corporation", "gbr",  "gmbh", "inc", "incorporated", "kft", "kg",      "limited",
    "llc",         "llp",  "ltd",  "nv",  "ohg",          "oy",  "plc",     "pty",
    "sa",          "sarl", "sas",  "se",  "sl",           "spa", "srl",     "ug"};

bool IsLegalForm(absl::string_view word) {
  return std::find(std::begin(kLegalForms), std::end(kLegalForms), word) != std::end(kLegalForms);
}

// At least the first word stays.
std::string CompanyForm(absl::string_view company) {
  std::vector<std::string> words = FoldedWords(company);
  while (words.size() > 1 && IsLegalForm(words.back())) words.pop_back();
  return absl::StrJoin(words, " ");
}

bool Share(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& value) {
    return std::find(b.begin(), b.end(), value) != b.end();
  });
}

// Of a key that ExternalIdKeysOf made.
absl::string_view SystemOf(absl::string_view external_id) {
  return external_id.substr(0, external_id.find('\0'));
}

std::vector<std::string> SystemsOf(const std::vector<std::string>& external_ids) {
  std::vector<std::string> systems;
  for (const std::string& id : external_ids) systems.emplace_back(SystemOf(id));
  return systems;
}

}  // namespace

std::string JoinedName(absl::string_view first, absl::string_view middle, absl::string_view last) {
  std::vector<absl::string_view> names = {first, middle, last};
  names.erase(std::remove(names.begin(), names.end(), ""), names.end());
  return absl::StrJoin(names, " ");
}

std::string NameAtCompanyKey(absl::string_view name, absl::string_view company) {
  const std::string folded = FoldedName(name);
  const std::string at = CompanyForm(company);
  return folded.empty() || at.empty() ? "" : absl::StrCat(folded, "\n", at);
}

IdentityKey AlikeBy(const PersonKeys& person, const PersonKeys& contact) {
  if (Share(person.emails, contact.emails)) return IdentityKey::kEmail;
  if (Share(person.external_ids, contact.external_ids)) return IdentityKey::kExternalId;
  if (Share(person.phones, contact.phones)) return IdentityKey::kPhone;
  const std::string& name = person.name_at_company;
  return !name.empty() && name == contact.name_at_company ? IdentityKey::kNameAndCompany
                                                          : IdentityKey::kNone;
}

bool Differ(const PersonKeys& person, const PersonKeys& contact) {
  const bool have_emails = !person.emails.empty() && !contact.emails.empty();
  if (have_emails && !Share(person.emails, contact.emails)) return true;
  return Share(SystemsOf(person.external_ids), SystemsOf(contact.external_ids)) &&
         !Share(person.external_ids, contact.external_ids);
}

Identity IdentityOf(const PersonKeys& person, absl::Span<const KnownContact> known) {
  Identity identity;
  for (const KnownContact& contact : known) {
    const IdentityKey key = AlikeBy(person, contact.keys);
    const bool is_weak = key == IdentityKey::kPhone || key == IdentityKey::kNameAndCompany;
    if (key == IdentityKey::kNone || (is_weak && Differ(person, contact.keys))) continue;
    identity.candidates.push_back({contact.name, key});
  }
  std::vector<IdentityCandidate>& candidates = identity.candidates;
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const auto& a, const auto& b) { return a.key < b.key; });
  // Who has an address or an id of theirs leaves nobody else in question.
  const auto is_weak = [](const IdentityCandidate& one) {
    return one.key > IdentityKey::kExternalId;
  };
  const auto weak = std::find_if(candidates.begin(), candidates.end(), is_weak);
  if (weak != candidates.begin()) candidates.erase(weak, candidates.end());
  if (candidates.size() > kIdentityCandidatesMax) candidates.resize(kIdentityCandidatesMax);
  return identity;
}

}  // namespace kith
