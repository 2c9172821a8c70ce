#include "services/core/meeting_records.h"

#include "absl/strings/match.h"

namespace kith {

std::vector<std::string> RecordsOf(const meetings::v1::Meeting& meeting) {
  std::vector<std::string> records;
  for (const meetings::v1::Attendee& attendee : meeting.attendees()) {
    if (absl::StartsWith(attendee.attendee(), "contacts/")) records.push_back(attendee.attendee());
  }
  if (!meeting.company().empty()) records.push_back(meeting.company());
  if (!meeting.deal().empty()) records.push_back(meeting.deal());
  return records;
}

}  // namespace kith
