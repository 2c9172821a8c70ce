#include "projections/leads/lead_directory.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/proto_time.h"
#include "kith/leads/v1/lead_events.pb.h"
#include "projections/leads/lead_fold.h"
#include "projections/tables/external_ids.h"
#include "projections/tables/touched_records.h"
#include "services/core/owner_field.h"

namespace kith::leads {
namespace {

using eventstore::RecordedEvent;
using projections::FieldType;
using projections::Table;
using projections::TableBuilder;
using projections::ValueSink;

constexpr absl::string_view kPrefix = "leads/";

// "+49 (30) 901820" → "+4930901820", as contacts are found.
std::string NormalPhone(absl::string_view number) {
  std::string digits;
  for (const char c : number) {
    if (absl::ascii_isdigit(c) || c == '+') digits.push_back(c);
  }
  return digits;
}

// A number that could not be read is found by its digits.
void AddPhone(const v1::Lead& lead, ValueSink& out) {
  if (!lead.phone().empty()) {
    out.Add(lead.phone_e164().empty() ? lead.phone() : lead.phone_e164());
  }
}

void AddWords(const v1::Lead& lead, projections::WordSink& out) {
  out.Add(lead.first_name());
  out.Add(lead.last_name());
  out.Add(lead.company_name());
}

// Events may be recorded late: the latest one counts.
void MoveActivity(absl::Time time, v1::Lead& lead) {
  if (lead.has_last_activity_time() && FromTimestamp(lead.last_activity_time()) >= time) return;
  *lead.mutable_last_activity_time() = ToTimestamp(time);
}

StandardEvent FoldListed(const Happening& happening, google::protobuf::Message& resource) {
  auto& lead = static_cast<v1::Lead&>(resource);
  const StandardEvent kind = FoldLead(happening, lead);
  // Who gives a lead to somebody does nothing about it yet.
  const auto& event = static_cast<const v1::LeadEvent&>(happening.event);
  if (event.has_lead_updated() && HandsOverOnly(event.lead_updated().update_mask(), "status")) {
    return kind;
  }
  MoveActivity(happening.occur_time, lead);
  return kind;
}

// Something happened about a lead that did not change it: neither its etag nor its update time. A
// lead that is gone stays so.
absl::Status Touch(WorkspaceId workspace, absl::string_view name, absl::Time time,
                   projections::ViewBatch& batch) {
  KITH_ASSIGN_OR_RETURN(auto lead, LeadDirectory::Leads().Get(batch, workspace, name));
  if (!lead.has_value()) return absl::OkStatus();
  MoveActivity(time, *lead);
  return LeadDirectory::Leads().Put(batch, workspace, *lead);
}

}  // namespace

const Table<v1::Lead>& LeadDirectory::Leads() {
  // Every composite serves one usual list without sorting: what nobody has taken up, what somebody
  // has to work on, where leads come from, what is worth most, what nobody looked after.
  static const auto& table = *new Table<v1::Lead>(
      TableBuilder<v1::Lead>(1)
          .Key([](const v1::Lead& lead) { return lead.name(); })
          .Field("email", {.normalise = EmailForm})
          .Alias()
          .Many("phone", FieldType::kString, AddPhone, NormalPhone)
          .Many("external_id", FieldType::kString, projections::AddExternalIds<v1::Lead>)
          .Check(projections::CheckExternalId)
          .Words(AddWords)
          .Field("display_name", {.normalise = FoldedName})
          .Alias()
          .Field("company_name", {.normalise = FoldedName})
          .Field("owner")
          .Field("status")
          .Field("source")
          .Field("rating")
          .Field("contact")
          .Field("company")
          .Field("estimated_amount")
          .Field("converted_contact")
          .Field("converted_company")
          .Field("converted_deal")
          .Field("create_time")
          .Field("close_time")
          .Field("last_activity_time")
          .Field("viewers")
          .Field("editors")
          .Index(1, {"email"})
          .Index(2, {"phone"})
          .Index(3, {"external_id"})
          .Index(4, {"display_name"})
          .Index(5, {"words"})
          .Index(kByCreateTime, {"create_time"})
          .Index(7, {"status", "create_time"})
          .Index(8, {"owner", "create_time"})
          .Index(9, {"owner", "status", "create_time"})
          .Index(10, {"source", "create_time"})
          .Index(11, {"rating", "create_time"})
          .Index(12, {"contact", "create_time"})
          .Index(13, {"company", "create_time"})
          .Index(14, {"company_name"})
          .Index(15, {"estimated_amount"})
          .Index(16, {"status", "estimated_amount"})
          .Index(17, {"converted_contact"})
          .Index(18, {"converted_company"})
          .Index(19, {"converted_deal"})
          .Index(kByCloseTime, {"close_time"})
          .Index(21, {"viewers"})
          .Index(22, {"editors"})
          .CurrentIndex(23, {"last_activity_time"})
          .CurrentIndex(24, {"owner", "last_activity_time"})
          .CurrentIndex(25, {"status", "last_activity_time"})
          .Build());
  return table;
}

LeadDirectory::LeadDirectory() : ResourceDirectory(kName, 2, "leads", Leads().core(), FoldListed) {}

bool LeadDirectory::Takes(const RecordedEvent& event) const {
  return projections::IsAbout(kPrefix, event);
}

absl::Status LeadDirectory::Apply(const RecordedEvent& event, projections::ViewBatch& batch) const {
  if (eventstore::CategoryOf(event.header().stream) == "leads") {
    return ResourceDirectory::Apply(event, batch);
  }
  return projections::ForEachTouchedRecord(event, [&](absl::string_view record, absl::Time time) {
    return absl::StartsWith(record, kPrefix) ? Touch(event.header().workspace, record, time, batch)
                                             : absl::OkStatus();
  });
}

}  // namespace kith::leads
