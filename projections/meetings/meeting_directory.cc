#include "projections/meetings/meeting_directory.h"

#include "eventstore/base/normalise.h"
#include "projections/meetings/meeting_fold.h"

namespace kith::meetings {
namespace {

StandardEvent Fold(const Happening& happening, google::protobuf::Message& meeting) {
  return FoldMeeting(happening, static_cast<v1::Meeting&>(meeting));
}

}  // namespace

using projections::Table;
using projections::TableBuilder;

MeetingDirectory::MeetingDirectory()
    : ResourceDirectory(kName, 1, "meetings", Meetings().core(), Fold) {}

const Table<v1::Meeting>& MeetingDirectory::Meetings() {
  // Every composite serves one usual list without sorting: what somebody has before them, whom they
  // meet, and what is to be about a record.
  static const auto& table = *new Table<v1::Meeting>(
      TableBuilder<v1::Meeting>(1)
          .Key([](const v1::Meeting& meeting) { return meeting.name(); })
          .Words([](const v1::Meeting& meeting, projections::WordSink& out) {
            out.Add(meeting.display_name());
          })
          .Field("display_name", {.normalise = FoldedName})
          .Alias()
          .Field("owner")
          .Field("state")
          .Field("start_time")
          .Field("attendee", {.path = "attendees.attendee"})
          .Field("company")
          .Field("deal")
          .Field("create_time")
          .Field("viewers")
          .Field("editors")
          .Index(1, {"display_name"})
          .Index(2, {"owner", "start_time"})
          .Index(3, {"attendee", "start_time"})
          .Index(4, {"company", "start_time"})
          .Index(5, {"deal", "start_time"})
          .Index(6, {"state", "start_time"})
          .Index(7, {"start_time"})
          .Index(8, {"create_time"})
          .Index(9, {"owner", "create_time"})
          .Index(10, {"viewers"})
          .Index(11, {"editors"})
          .Index(12, {"words"})
          .Build());
  return table;
}

}  // namespace kith::meetings
