// The meeting directory: which meetings there are, who is invited, what they are about and when
// they are.
#pragma once

#include "kith/meetings/v1/meeting.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::meetings {

class MeetingDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "meeting_directory";

  // Beside every field: the words of the name, and `attendee`, whoever is invited. By index: these,
  // display_name, owner, state, start_time, company, deal, create_time, viewers, editors. Names are
  // compared by their normal forms.
  static const projections::Table<v1::Meeting>& Meetings();

  MeetingDirectory();
};

}  // namespace kith::meetings
