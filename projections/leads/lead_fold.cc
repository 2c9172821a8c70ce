#include "projections/leads/lead_fold.h"

#include "eventstore/base/proto_time.h"
#include "kith/leads/v1/lead_events.pb.h"

namespace kith::leads {
namespace {

// The first answer stays.
void Respond(absl::Time time, v1::Lead& lead) {
  if (!lead.has_first_response_time()) *lead.mutable_first_response_time() = ToTimestamp(time);
}

void ChangeStatus(const v1::LeadStatusChanged& changed, absl::Time time, v1::Lead& lead) {
  lead.set_status(changed.to_status());
  lead.clear_close_time();
  lead.clear_disqualify_reason();
  lead.clear_disqualify_note();
  if (changed.to_status() == v1::CONTACTED) Respond(time, lead);
}

void Disqualify(const v1::LeadDisqualified& disqualified, absl::Time time, v1::Lead& lead) {
  lead.set_status(v1::DISQUALIFIED);
  lead.set_disqualify_reason(disqualified.reason());
  lead.set_disqualify_note(disqualified.personal().disqualify_note());
  *lead.mutable_close_time() = ToTimestamp(time);
}

void Convert(const v1::LeadConverted& converted, absl::Time time, v1::Lead& lead) {
  lead.set_status(v1::CONVERTED);
  lead.set_converted_contact(converted.contact());
  lead.set_converted_company(converted.company());
  lead.set_converted_deal(converted.deal());
  *lead.mutable_convert_time() = ToTimestamp(time);
  *lead.mutable_close_time() = ToTimestamp(time);
}

}  // namespace

StandardEvent FoldLead(const Happening& happening, v1::Lead& lead) {
  const v1::LeadStatus before = lead.status();
  const StandardEvent kind = FoldStandardEvent(happening, lead);
  const auto& event = static_cast<const v1::LeadEvent&>(happening.event);
  const absl::Time time = happening.occur_time;
  switch (event.event_case()) {
    case v1::LeadEvent::kLeadStatusChanged:
      ChangeStatus(event.lead_status_changed(), time, lead);
      break;
    case v1::LeadEvent::kLeadDisqualified:
      Disqualify(event.lead_disqualified(), time, lead);
      break;
    case v1::LeadEvent::kLeadConverted:
      Convert(event.lead_converted(), time, lead);
      break;
    case v1::LeadEvent::kLeadResponded:
      Respond(time, lead);
      break;
    case v1::LeadEvent::kLeadCreated:
    case v1::LeadEvent::kLeadUpdated:
    case v1::LeadEvent::kLeadDeleted:
    case v1::LeadEvent::kLeadUndeleted:
    case v1::LeadEvent::EVENT_NOT_SET:
      break;
  }
  if (lead.status() != before) *lead.mutable_status_enter_time() = ToTimestamp(time);
  return kind;
}

}  // namespace kith::leads
