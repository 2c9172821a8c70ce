#include "services/core/icalendar.h"

#include <libical/ical.h>

#include <cstdlib>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/check.h"

namespace kith {
namespace {

constexpr char kProduct[] = "-//Kith//Kith//EN";

icaltimetype TimeIn(absl::Time time) {
  const absl::CivilSecond at = absl::ToCivilSecond(time, absl::UTCTimeZone());
  icaltimetype made = icaltime_null_time();
  made.year = static_cast<int>(at.year());
  made.month = at.month();
  made.day = at.day();
  made.hour = at.hour();
  made.minute = at.minute();
  made.second = at.second();
  made.zone = icaltimezone_get_utc_timezone();
  return made;
}

icaltimetype DayIn(absl::CivilDay day) {
  icaltimetype made = icaltime_null_date();
  made.year = static_cast<int>(day.year());
  made.month = day.month();
  made.day = day.day();
  made.is_date = 1;
  return made;
}

// Without what no text of an object may have: control characters, but for ends of lines.
std::string TextIn(absl::string_view text) {
  std::string clean;
  for (const char c : absl::StrReplaceAll(text, {{"\r\n", "\n"}})) {
    if (c == '\n' || c == '\t' || !absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      clean.push_back(c);
    }
  }
  return clean;
}

// The value of a parameter stands in quotes, which have no escape.
std::string NameIn(absl::string_view name) {
  std::string clean;
  for (const char c : name) {
    clean.push_back(c == '"' ? '\'' : absl::ascii_iscntrl(static_cast<unsigned char>(c)) ? ' ' : c);
  }
  return clean;
}

icalparameter_partstat AnswerIn(CalendarAnswer answer) {
  switch (answer) {
    case CalendarAnswer::kNeedsAction:
      return ICAL_PARTSTAT_NEEDSACTION;
    case CalendarAnswer::kAccepted:
      return ICAL_PARTSTAT_ACCEPTED;
    case CalendarAnswer::kDeclined:
      return ICAL_PARTSTAT_DECLINED;
    case CalendarAnswer::kTentative:
      return ICAL_PARTSTAT_TENTATIVE;
  }
  KITH_UNREACHABLE();
}

std::string AddressIn(const CalendarPerson& person) {
  return absl::StrCat("mailto:", person.email);
}

void AddName(const CalendarPerson& person, icalproperty* property) {
  if (person.name.empty()) return;
  icalproperty_add_parameter(property, icalparameter_new_cn(NameIn(person.name).c_str()));
}

void AddText(icalproperty* (*make)(const char*), const std::string& text, icalcomponent* event) {
  if (!text.empty()) icalcomponent_add_property(event, make(TextIn(text).c_str()));
}

icalcomponent* EventIn(const CalendarEvent& of) {
  icalcomponent* const event = icalcomponent_new_vevent();
  const auto add = [event](icalproperty* property) { icalcomponent_add_property(event, property); };
  add(icalproperty_new_uid(of.uid.c_str()));
  add(icalproperty_new_sequence(of.sequence));
  add(icalproperty_new_dtstamp(TimeIn(of.changed)));
  add(icalproperty_new_dtstart(of.is_all_day ? DayIn(of.first_day) : TimeIn(of.start)));
  add(icalproperty_new_dtend(of.is_all_day ? DayIn(of.end_day) : TimeIn(of.end)));
  add(icalproperty_new_status(of.is_cancelled ? ICAL_STATUS_CANCELLED : ICAL_STATUS_CONFIRMED));
  AddText(icalproperty_new_summary, of.summary, event);
  AddText(icalproperty_new_description, of.description, event);
  AddText(icalproperty_new_location, of.location, event);
  if (!of.url.empty()) add(icalproperty_new_url(of.url.c_str()));
  if (!of.organizer.email.empty()) {
    icalproperty* const organizer = icalproperty_new_organizer(AddressIn(of.organizer).c_str());
    AddName(of.organizer, organizer);
    add(organizer);
  }
  for (const CalendarAttendee& one : of.attendees) {
    icalproperty* const attendee = icalproperty_new_attendee(AddressIn(one.person).c_str());
    AddName(one.person, attendee);
    icalproperty_add_parameter(attendee,
                               icalparameter_new_role(one.is_optional ? ICAL_ROLE_OPTPARTICIPANT
                                                                      : ICAL_ROLE_REQPARTICIPANT));
    icalproperty_add_parameter(attendee, icalparameter_new_partstat(AnswerIn(one.answer)));
    icalproperty_add_parameter(attendee, icalparameter_new_rsvp(ICAL_RSVP_TRUE));
    add(attendee);
  }
  return event;
}

icalproperty_status StatusIn(CalendarTaskState state) {
  switch (state) {
    case CalendarTaskState::kOpen:
      return ICAL_STATUS_NEEDSACTION;
    case CalendarTaskState::kInProgress:
      return ICAL_STATUS_INPROCESS;
    case CalendarTaskState::kDone:
      return ICAL_STATUS_COMPLETED;
    case CalendarTaskState::kCancelled:
      return ICAL_STATUS_CANCELLED;
  }
  KITH_UNREACHABLE();
}

icalcomponent* TaskIn(const CalendarTask& of) {
  icalcomponent* const task = icalcomponent_new_vtodo();
  const auto add = [task](icalproperty* property) { icalcomponent_add_property(task, property); };
  add(icalproperty_new_uid(of.uid.c_str()));
  add(icalproperty_new_sequence(of.sequence));
  add(icalproperty_new_dtstamp(TimeIn(of.changed)));
  add(icalproperty_new_due(of.is_all_day ? DayIn(of.due_day) : TimeIn(of.due)));
  add(icalproperty_new_status(StatusIn(of.state)));
  if (of.state == CalendarTaskState::kDone) add(icalproperty_new_completed(TimeIn(of.done)));
  if (of.priority != 0) add(icalproperty_new_priority(of.priority));
  AddText(icalproperty_new_summary, of.summary, task);
  AddText(icalproperty_new_description, of.description, task);
  return task;
}

using Component = std::unique_ptr<icalcomponent, void (*)(icalcomponent*)>;

icalproperty_method MethodIn(CalendarMethod method) {
  switch (method) {
    case CalendarMethod::kPublish:
      return ICAL_METHOD_PUBLISH;
    case CalendarMethod::kRequest:
      return ICAL_METHOD_REQUEST;
    case CalendarMethod::kCancel:
      return ICAL_METHOD_CANCEL;
  }
  KITH_UNREACHABLE();
}

Component CalendarIn(CalendarMethod method, const std::vector<CalendarEvent>& events) {
  Component calendar(icalcomponent_new_vcalendar(), icalcomponent_free);
  icalcomponent_add_property(calendar.get(), icalproperty_new_version("2.0"));
  icalcomponent_add_property(calendar.get(), icalproperty_new_prodid(kProduct));
  icalcomponent_add_property(calendar.get(), icalproperty_new_method(MethodIn(method)));
  for (const CalendarEvent& event : events) {
    icalcomponent_add_component(calendar.get(), EventIn(event));
  }
  return calendar;
}

std::string TextOf(icalcomponent& calendar) {
  const std::unique_ptr<char, void (*)(void*)> text(icalcomponent_as_ical_string_r(&calendar),
                                                    free);
  KITH_CHECK(text != nullptr);
  return text.get();
}

}  // namespace

const char* NameOf(CalendarMethod method) {
  return icalproperty_method_to_string(MethodIn(method));
}

std::string CalendarText(CalendarMethod method, const std::vector<CalendarEvent>& events) {
  return TextOf(*CalendarIn(method, events));
}

std::string PublishedCalendar(const std::string& name, const std::vector<CalendarEvent>& events,
                              const std::vector<CalendarTask>& tasks) {
  const Component calendar = CalendarIn(CalendarMethod::kPublish, events);
  // What calendar programs call it; none of the standard's properties says that.
  icalproperty* const title = icalproperty_new_x(TextIn(name).c_str());
  icalproperty_set_x_name(title, "X-WR-CALNAME");
  icalcomponent_add_property(calendar.get(), title);
  for (const CalendarTask& task : tasks) icalcomponent_add_component(calendar.get(), TaskIn(task));
  return TextOf(*calendar);
}

}  // namespace kith
