// Update masks and resource names.
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "eventstore/base/check.h"
#include "eventstore/base/normalise.h"
#include "google/protobuf/field_mask.pb.h"
#include "kith/contacts/v1/contact.pb.h"
#include "services/core/resource_name.h"
#include "services/core/update_mask.h"
#include "tests/fuzz/targets.h"

namespace kith::fuzz {
namespace {

using contacts::v1::Contact;

// Something in every kind of field, so that clearing and replacing are met.
Contact Present() {
  Contact contact;
  contact.set_name("contacts/01ARZ3NDEKTSV4RRFFQ69G5FAV");
  contact.set_etag("3");
  contact.set_first_name("Ada");
  contact.add_emails()->set_address("ada@example.com");
  contact.add_tags("one");
  contact.mutable_birthday()->set_year(1980);
  contact.set_do_not_call(true);
  contact.mutable_create_time()->set_seconds(1);
  return contact;
}

}  // namespace

// The paths of the mask, one a line; after an empty line the bytes of the wanted contact.
void FuzzUpdateMask(absl::string_view bytes) {
  const size_t end = bytes.find("\n\n");
  google::protobuf::FieldMask mask;
  for (const absl::string_view path : absl::StrSplit(bytes.substr(0, end), '\n')) {
    if (!path.empty() && IsUtf8(path)) mask.add_paths(std::string(path));
  }
  Contact wanted;
  if (end != bytes.npos) {
    const absl::string_view rest = bytes.substr(end + 2);
    if (!wanted.ParseFromArray(rest.data(), static_cast<int>(rest.size()))) wanted.Clear();
  }
  ClearOutputOnly(&wanted);
  Contact current = Present();
  const auto changed = ChangedFields(current, wanted, mask);
  KITH_CHECK(IsUtf8(changed.status().message()));
  if (!changed.ok()) return;
  ApplyFields(wanted, *changed, &current);
  // What has been done changes nothing when it is done again.
  const auto again = ChangedFields(current, wanted, mask);
  KITH_CHECK(again.ok() && again->paths_size() == 0);
  KITH_CHECK(current.create_time().seconds() == 1);
}

void FuzzResourceName(absl::string_view bytes) {
  static const auto& patterns = *new std::vector<ResourcePattern>{
      ResourcePattern("contacts/{contact}"), ResourcePattern("pipelines/{pipeline}/stages/{stage}"),
      ResourcePattern("contacts/{contact}/interactions/{interaction}")};
  for (const ResourcePattern& pattern : patterns) {
    const auto ids = pattern.Parse(bytes);
    KITH_CHECK(ids.has_value() == pattern.Matches(bytes));
    if (!ids.has_value()) continue;
    for (const absl::string_view id : *ids) KITH_CHECK(IsResourceId(id));
    KITH_CHECK(ids->back() == IdOf(bytes));
    KITH_CHECK((ids->size() == 1 ? pattern.Format({ids->front()})
                                 : pattern.Format({ids->front(), ids->back()})) == bytes);
  }
  KITH_CHECK(IdOf(bytes).size() <= bytes.size());
  KITH_CHECK(ParentOf(bytes).size() <= bytes.size());
}

}  // namespace kith::fuzz
