#include "services/runtime/resources/not_there.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"

namespace kith::runtime {

absl::Status NotThere(const ReadContext& context, absl::string_view name,
                      const absl::Status& not_found) {
  if (!context.as_of) return not_found;
  const auto cursor = context.log.ReadStream(context.workspace(), name, Revision(1),
                                             eventstore::Direction::kForwards, context.tier);
  KITH_ASSIGN_OR_RETURN(const std::shared_ptr<const eventstore::Record> first, cursor->Next());
  return first == nullptr ? not_found : NotThere(context, name, first->header, not_found);
}

absl::Status NotThere(const ReadContext& context, absl::string_view name,
                      const eventstore::EventHeader& first, const absl::Status& not_found) {
  if (!context.as_of) return not_found;
  const std::string sequence = absl::StrCat(first.sequence.value());
  const std::string time =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", first.record_time, absl::UTCTimeZone());
  const bool is_early = first.position > context.view().position();
  return Retold(
      not_found,
      absl::StrCat(is_early ? "Nothing was recorded under " : "", name,
                   is_early ? " by then" : " was deleted by then", ". Its first event is number ",
                   sequence, ", recorded at ", time,
                   is_early ? ": ask as of that or later." : ": ask as of an earlier moment."),
      {{"first_sequence", sequence}, {"first_record_time", time}});
}

}  // namespace kith::runtime
