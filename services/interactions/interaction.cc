#include "services/interactions/interaction.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/ulid.h"
#include "kith/interactions/v1/interactions_errors.pb.h"
#include "services/core/reject.h"

namespace kith::interactions {
namespace {

bool Contains(const ConcernedRecords& records, absl::string_view name) {
  return std::find(records.begin(), records.end(), name) != records.end();
}

absl::Status RejectLinkedRecord(absl::string_view name) {
  return RejectResource(v1::INTERACTIONS_ERROR_LINKED_RECORD_NOT_FOUND,
                        absl::StrCat(name, " does not exist or was deleted."), name);
}

// What a caller sends in fields that only the server sets is ignored; times stand in the record.
void ClearOutputOnly(v1::Interaction& interaction) {
  interaction.clear_name();
  interaction.clear_erased();
  interaction.clear_occur_time();
  interaction.clear_record_time();
  interaction.clear_etag();
  interaction.clear_amend_time();
  interaction.clear_redacted();
  interaction.clear_redact_reason();
}

// Moves the fields that say something about a person from the recorded interaction to the part that
// is sealed; where there are none, nothing is sealed. Not by reflection, because this runs for
// every interaction; a test compares it with what the proto declares.
void SplitPersonal(v1::InteractionRecorded& recorded) {
  v1::Interaction& clear = *recorded.mutable_interaction();
  if (clear.subject().empty() && clear.body().empty() && clear.amounts().empty()) return;
  v1::Interaction& personal = *recorded.mutable_personal();
  personal.set_subject(std::move(*clear.mutable_subject()));
  personal.set_body(std::move(*clear.mutable_body()));
  personal.mutable_amounts()->Swap(clear.mutable_amounts());
  clear.clear_subject();
  clear.clear_body();
}

// Whose key seals what is personal: that of the contact it is about, so that it goes with them.
// That is its parent, or under a deal or a lead the first contact that it links; the own key of a
// deal or a lead only where it links none.
absl::string_view SubjectOf(const ConcernedRecords& names) {
  const auto contact = std::find_if(names.begin(), names.end(), [](absl::string_view name) {
    return absl::StartsWith(name, "contacts/");
  });
  return contact == names.end() ? names.front() : *contact;
}

}  // namespace

ConcernedRecords ConcernedBy(const Recording& command) {
  ConcernedRecords records = {command.parent};
  for (const std::string& link : command.interaction.links()) {
    if (!Contains(records, link)) records.push_back(link);
  }
  return records;
}

Decision Decide(absl::Span<const LinkedRecord* const> records, const Recording& command,
                const CommandContext& context) {
  const ConcernedRecords names = ConcernedBy(command);
  KITH_CHECK(records.size() == names.size());
  for (size_t i = 0; i < records.size(); ++i) {
    switch (records[i]->lifecycle) {
      case Lifecycle::kAbsent:
      case Lifecycle::kDeleted:
      case Lifecycle::kMerged:
        return RejectLinkedRecord(names[i]);
      case Lifecycle::kActive:
        break;
    }
  }

  const std::string stream = absl::StrCat(command.parent, "/", kInteractions);
  v1::InteractionEvent event;
  v1::InteractionRecorded& recorded = *event.mutable_interaction_recorded();
  // The id tells when it happened, so that the timeline finds an interaction by its name alone.
  recorded.set_name(absl::StrCat(stream, "/", UlidAt(context.occurred, context.ids.Next())));
  recorded.set_subject(std::string(SubjectOf(names)));
  v1::Interaction& clear = *recorded.mutable_interaction();
  clear = command.interaction;
  ClearOutputOnly(clear);
  clear.mutable_links()->Clear();
  for (size_t i = 1; i < names.size(); ++i) clear.add_links(std::string(names[i]));
  SplitPersonal(recorded);
  std::vector<Claim> claims;
  const std::string& external_id = clear.external_id();
  if (!external_id.empty()) claims.push_back({std::string(kExternalIdClaim), external_id});
  return Changes().Append(stream, std::move(event), std::move(claims));
}

absl::Status ExternalIdTaken(absl::string_view holder) {
  return RejectTaken(v1::INTERACTIONS_ERROR_EXTERNAL_ID_TAKEN,
                     "Another interaction has this external id: it was recorded before.",
                     "interaction", holder, "interaction.external_id");
}

v1::Interaction Render(const v1::InteractionRecorded& recorded, absl::Time occur_time,
                       absl::Time record_time, bool erased) {
  v1::Interaction interaction = recorded.interaction();
  interaction.MergeFrom(recorded.personal());
  interaction.set_name(recorded.name());
  interaction.set_etag("1");  // of none that was amended
  interaction.set_erased(erased);
  *interaction.mutable_occur_time() = ToTimestamp(occur_time);
  *interaction.mutable_record_time() = ToTimestamp(record_time);
  return interaction;
}

}  // namespace kith::interactions
