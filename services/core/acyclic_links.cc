#include "services/core/acyclic_links.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "eventstore/base/check.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/reject.h"

namespace kith {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// So many records at either end of a chain are named to who is refused.
constexpr size_t kNamedMax = 10;
constexpr char kArrow[] = " → ";
constexpr char kNotTold[] = "…";

std::string TextOf(absl::Span<const std::string> chain) {
  if (chain.size() <= 2 * kNamedMax) return absl::StrJoin(chain, kArrow);
  return absl::StrCat(absl::StrJoin(chain.first(kNamedMax), kArrow), kArrow, kNotTold, kArrow,
                      absl::StrJoin(chain.last(kNamedMax), kArrow));
}

}  // namespace

std::vector<const FieldDescriptor*> AcyclicLinksOf(const Descriptor& resource) {
  const std::string& pattern = resource.options().GetExtension(options::v1::resource).pattern();
  std::vector<const FieldDescriptor*> links;
  for (int i = 0; i < resource.field_count(); ++i) {
    const FieldDescriptor* const field = resource.field(i);
    const options::v1::FieldRules& rules = field->options().GetExtension(options::v1::field);
    if (!rules.acyclic()) continue;
    KITH_CHECK(field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && !rules.output_only() &&
               !rules.personal() && rules.resource_size() == 1 && rules.resource(0) == pattern);
    links.push_back(field);
  }
  return links;
}

std::vector<std::string> NamesIn(const google::protobuf::Message& resource,
                                 const FieldDescriptor& link) {
  const auto& reflection = *resource.GetReflection();
  std::vector<std::string> names;
  if (!link.is_repeated()) {
    names.push_back(reflection.GetString(resource, &link));
    if (names.back().empty()) names.pop_back();
    return names;
  }
  for (int i = 0; i < reflection.FieldSize(resource, &link); ++i) {
    names.push_back(reflection.GetRepeatedString(resource, &link, i));
  }
  return names;
}

void LinkChain::Leave() {
  left_.insert(std::move(names_.back()));
  names_.pop_back();
  told_.pop_back();
}

absl::Status LinkChain::Add(absl::string_view record, bool hidden) {
  const bool is_circle = std::find(names_.begin(), names_.end(), record) != names_.end();
  names_.emplace_back(record);
  told_.emplace_back(hidden ? kNotTold : record);
  const std::string& link = link_.declared->name();
  if (is_circle) {
    const std::string chain = TextOf(told_);
    return RejectState(
        type::v1::ERROR_LINK_CYCLE,
        absl::StrCat("Its ", link, " would lead in a circle: ", chain,
                     ". Name another record, or change the ", link, " of one of these first."),
        names_.front(), {{"field", link_.path}, {"chain", chain}});
  }
  if (names_.size() + left_.size() > kChainMax + 1) {
    return RejectState(
        type::v1::ERROR_LINK_CHAIN_TOO_LONG,
        absl::StrCat("Its ", link, " would lead over more than ", kChainMax,
                     " records, and no more may. Name one that leads over fewer."),
        names_.front(),
        {{"field", link_.path}, {"most", absl::StrCat(kChainMax)}, {"last", told_.back()}});
  }
  return absl::OkStatus();
}

}  // namespace kith
