#include "services/runtime/resources/listed_holders.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/message.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/requests/retry.h"

namespace kith::runtime {
namespace {

// Of one value so many are looked at.
constexpr int kListedMax = 50;

absl::Status NotThereYet(absl::string_view collection) {
  return Error(type::v1::ERROR_VIEW_BEHIND,
               absl::StrCat("Who is there already cannot be said yet: the read model of ",
                            collection, " is being built. Try again."),
               {}, RetryAfter(absl::Seconds(1)));
}

// A text in a filter, which matches itself only.
std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '*') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

}  // namespace

ListedHolders::ListedHolders(const ResourceType& type, const Runtime& runtime)
    : type_(type),
      directory_(runtime.views.Find(type.directory->name())),
      opened_(runtime.log.head()) {}

absl::StatusOr<std::vector<std::string>> ListedHolders::Names(Loader& load, absl::string_view field,
                                                              absl::string_view text,
                                                              absl::string_view claim,
                                                              const std::string& value) const {
  const Position folded = directory_.position();
  if (folded < opened_) return NotThereYet(type_.rules->category);
  KITH_ASSIGN_OR_RETURN(std::vector<std::string> names, load.StreamsTagged(claim, value, folded));
  const std::unique_ptr<google::protobuf::Message> row(type_.rules->resource->New());
  const std::string filter = absl::StrCat(field, " = ", Quoted(text));
  const auto listed = type_.directory->table().List(
      directory_.At(folded), load.workspace(), {.filter = filter, .page_size = kListedMax},
      [&](absl::string_view bytes) {
        if (!row->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
        std::string name = ResourceNameOf(*row);
        const bool is_new = std::find(names.begin(), names.end(), name) == names.end();
        if (is_new) names.push_back(std::move(name));
        return true;
      });
  KITH_RETURN_IF_ERROR(listed.status());
  return names;
}

}  // namespace kith::runtime
