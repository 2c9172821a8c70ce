// `kith agenda`: what somebody has to do.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/leads/v1/lead.pb.h"
#include "kith/meetings/v1/meeting.pb.h"
#include "kith/tasks/v1/tasks_service.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/link_names.h"
#include "services/cli/text/render.h"

namespace kith::cli {
namespace {

using deals::v1::Deal;
using google::protobuf::Message;
using leads::v1::Lead;
using meetings::v1::Meeting;
using tasks::v1::Agenda;
using tasks::v1::Task;

void AddTasks(absl::string_view when, const google::protobuf::RepeatedPtrField<Task>& tasks,
              const Style& style, TextTable& table) {
  if (tasks.empty()) return;
  if (!table.empty()) table.AddRule();
  const auto* const type = Task::descriptor();
  for (const Task& task : tasks) {
    const auto cell = [&](const char* field) {
      return CellOf(task, type->FindFieldByName(field), style);
    };
    table.AddRow({&task == &tasks.Get(0) ? std::string(when) : "", cell("due_time"),
                  cell("display_name"), cell("kind"), cell("priority"), cell("company"),
                  cell("name")});
  }
}

void AddMeetings(const google::protobuf::RepeatedPtrField<Meeting>& meetings, const Style& style,
                 TextTable& table) {
  if (meetings.empty()) return;
  if (!table.empty()) table.AddRule();
  const auto* const type = Meeting::descriptor();
  for (const Meeting& meeting : meetings) {
    const auto cell = [&](const char* field) {
      return CellOf(meeting, type->FindFieldByName(field), style);
    };
    table.AddRow({&meeting == &meetings.Get(0) ? "meetings" : "", cell("start_time"),
                  cell("display_name"), "MEETING", "", cell("company"), cell("name")});
  }
}

// Deals or leads, in the columns of tasks.
template <class Record>
void AddWithoutTask(absl::string_view when,
                    const google::protobuf::RepeatedPtrField<Record>& records, const Style& style,
                    TextTable& table) {
  if (records.empty()) return;
  if (!table.empty()) table.AddRule();
  const auto* const type = Record::descriptor();
  for (const Record& record : records) {
    const auto cell = [&](const char* field) {
      return CellOf(record, type->FindFieldByName(field), style);
    };
    table.AddRow({&record == &records.Get(0) ? std::string(when) : "", "", cell("display_name"), "",
                  "", cell("company"), cell("name")});
  }
}

void PrintAgenda(Session& session, const Message& request, const Agenda& agenda) {
  const Style style = session.StyleWith(LinkNames(session, {&agenda}, request));
  TextTable table;
  for (const char* const title : {"WHEN", "DUE", "WHAT", "KIND", "PRIORITY", "COMPANY"}) {
    table.AddColumn(title);
  }
  table.AddColumn("NAME", TextTable::Align::kLeft, false);
  AddTasks("overdue", agenda.overdue(), style, table);
  AddTasks("today", agenda.today(), style, table);
  AddTasks("upcoming", agenda.upcoming(), style, table);
  AddWithoutTask<Deal>("no open task", agenda.deals_without_task(), style, table);
  AddWithoutTask<Lead>("idle leads", agenda.leads_without_task(), style, table);
  AddMeetings(agenda.meetings(), style, table);
  if (table.empty()) {
    session.out() << "Nothing is due.\n";
  } else {
    table.Print(style.width, session.out());
  }
  if (agenda.more_overdue() || agenda.more_today() || agenda.more_upcoming()) {
    session.err() << "There is more; kith tasks list tells all.\n";
  }
  if (agenda.more_meetings()) {
    session.err() << "There are more meetings; kith meetings list tells all.\n";
  }
  if (agenda.more_deals_without_task()) {
    session.err() << "There may be more deals without an open task.\n";
  }
  if (agenda.more_leads_without_task()) {
    session.err() << "There may be more leads without an open task.\n";
  }
}

}  // namespace

absl::Status RunAgenda(Session& session, const std::vector<std::string>& words) {
  const Method& method = session.Require("tasks", "query-agenda");
  // "me" is who asks, as in filters, and whose agenda is told where nobody is said.
  std::vector<std::string> said = words;
  if (!said.empty() && absl::EqualsIgnoreCase(said.front(), "me")) said.erase(said.begin());
  KITH_ASSIGN_OR_RETURN(const Arguments arguments, ParseFor(method, said));
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> request, BuildRequest(method, arguments));
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply, session.Call(method, *request));
  if (session.options().json) {
    session.out() << ToJson(*reply, true);
    return absl::OkStatus();
  }
  const auto* const agenda = google::protobuf::DynamicCastToGenerated<Agenda>(reply.get());
  KITH_CHECK(agenda != nullptr);
  PrintAgenda(session, *request, *agenda);
  return absl::OkStatus();
}

}  // namespace kith::cli
