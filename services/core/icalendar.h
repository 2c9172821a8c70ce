// Meetings as calendars exchange them: iCalendar objects (RFC 5545) with the methods of iTIP (RFC
// 5546). libical makes the text: what is escaped, and where lines are folded. Pure functions, any
// thread.
#pragma once

#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace kith {

enum class CalendarMethod { kPublish, kRequest, kCancel };
enum class CalendarAnswer { kNeedsAction, kAccepted, kDeclined, kTentative };

struct CalendarPerson {
  std::string name;
  std::string email;
};
struct CalendarAttendee {
  CalendarPerson person;
  CalendarAnswer answer = CalendarAnswer::kNeedsAction;
  bool is_optional = false;
};

struct CalendarEvent {
  std::string uid;
  int sequence = 0;
  absl::Time changed;  // when it was last changed
  absl::Time start;
  absl::Time end;
  // It takes whole days: those from the first until before the second, in place of the times.
  bool is_all_day = false;
  absl::CivilDay first_day;
  absl::CivilDay end_day;
  bool is_cancelled = false;
  std::string summary;
  std::string description;
  std::string location;
  std::string url;
  CalendarPerson organizer;  // without an address: it is not told
  std::vector<CalendarAttendee> attendees;
};

enum class CalendarTaskState { kOpen, kInProgress, kDone, kCancelled };

// What somebody is to do.
struct CalendarTask {
  std::string uid;
  int sequence = 0;
  absl::Time changed;  // when it was last changed
  // When it is due: at a time, or on a day.
  absl::Time due;
  bool is_all_day = false;
  absl::CivilDay due_day;
  CalendarTaskState state = CalendarTaskState::kOpen;
  absl::Time done;   // when that was; where it is done
  int priority = 0;  // from 1, the highest, to 9; 0: not said
  std::string summary;
  std::string description;
};

// "REQUEST".
const char* NameOf(CalendarMethod method);

// An object with these events, its lines ended by CRLF.
std::string CalendarText(CalendarMethod method, const std::vector<CalendarEvent>& events);

// The same of all that somebody has to do, to be published under this name.
std::string PublishedCalendar(const std::string& name, const std::vector<CalendarEvent>& events,
                              const std::vector<CalendarTask>& tasks);

}  // namespace kith
