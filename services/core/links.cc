#include "services/core/links.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "services/core/reject.h"

namespace kith {

absl::Status CheckLinksFor(const google::protobuf::EnumValueDescriptor& not_found,
                           const Links& links, LinkedRecords records) {
  KITH_CHECK(links.size() == records.size());
  google::rpc::BadRequest missing;
  std::vector<absl::string_view> names;
  for (size_t i = 0; i < links.size(); ++i) {
    switch (records[i]->lifecycle) {
      case Lifecycle::kAbsent:
      case Lifecycle::kDeleted:
        AddViolation(links[i].field,
                     absl::StrCat(links[i].record, " does not exist or was deleted"), missing);
        names.push_back(links[i].record);
        break;
      case Lifecycle::kActive:
        break;
    }
  }
  if (names.empty()) return absl::OkStatus();
  google::rpc::ResourceInfo first;
  first.set_resource_name(std::string(names.front()));
  return ErrorOfValue(not_found, absl::StrCat("It cannot be linked: ", Summary(missing), "."),
                      {{"records", absl::StrJoin(names, ", ")}}, {&first, &missing});
}

}  // namespace kith
