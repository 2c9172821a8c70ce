#include "projections/companies/company_people.h"

#include <algorithm>
#include <limits>

#include "absl/strings/match.h"
#include "eventstore/base/status_macros.h"
#include "kith/companies/v1/company_rows.pb.h"
#include "kith/contacts/v1/contact.pb.h"
#include "projections/companies/company_activity.h"
#include "projections/store/key_codec.h"
#include "projections/tables/table.h"
#include "projections/tables/touched_records.h"
#include "services/core/date.h"

namespace kith::companies {
namespace {

using contacts::v1::Contact;
using projections::Table;
using projections::TableBuilder;
using projections::ViewBatch;

constexpr absl::string_view kCompanies = "companies/";
constexpr absl::string_view kContacts = "contacts/";

// In keys, of who is there: after every day.
constexpr int64_t kNoLastDay = std::numeric_limits<int64_t>::max();

int64_t DayNumber(absl::CivilDay day) { return day - absl::CivilDay(1970, 1, 1); }

template <class Row>
int64_t LastDayOf(const Row& row) {
  return row.has_last_day() ? row.last_day() : kNoLastDay;
}

const Table<v1::CompanyPeopleGroup>& Groups() {
  static const auto& table = *new Table<v1::CompanyPeopleGroup>(
      TableBuilder<v1::CompanyPeopleGroup>(2)
          .Key([](const v1::CompanyPeopleGroup& row) {
            return projections::KeyOf(row.company(), LastDayOf(row));
          })
          .Build());
  return table;
}

const Table<v1::CompaniesOfContact>& ContactRows() {
  static const auto& table = *new Table<v1::CompaniesOfContact>(
      TableBuilder<v1::CompaniesOfContact>(3)
          .Key([](const v1::CompaniesOfContact& row) { return row.contact(); })
          .Build());
  return table;
}

v1::CompanyStay& StayAt(const std::string& company, v1::CompaniesOfContact& row, bool& is_new) {
  for (v1::CompanyStay& stay : *row.mutable_stays()) {
    if (stay.company() == company) return stay;
  }
  is_new = true;
  v1::CompanyStay& stay = *row.add_stays();
  stay.set_company(company);
  return stay;
}

// Somebody who was there twice is counted once, by the later last day.
v1::CompaniesOfContact StaysOf(const Contact* contact) {
  v1::CompaniesOfContact row;
  if (contact == nullptr) return row;
  row.set_contact(contact->name());
  for (const contacts::v1::ContactCompany& company : contact->companies()) {
    bool is_new = false;
    v1::CompanyStay& stay = StayAt(company.company(), row, is_new);
    const int64_t known = is_new ? std::numeric_limits<int64_t>::min() : LastDayOf(stay);
    const int64_t last =
        company.has_end_date() ? DayNumber(CivilDayOf(company.end_date())) : kNoLastDay;
    stay.clear_last_day();
    if (std::max(known, last) != kNoLastDay) stay.set_last_day(std::max(known, last));
  }
  return row;
}

absl::Status Count(WorkspaceId workspace, const v1::CompaniesOfContact& row, int times,
                   ViewBatch& batch) {
  for (const v1::CompanyStay& stay : row.stays()) {
    const std::string key = projections::KeyOf(stay.company(), LastDayOf(stay));
    KITH_RETURN_IF_ERROR(Groups().Change(batch, workspace, key, [&](v1::CompanyPeopleGroup& group) {
      group.set_company(stay.company());
      if (stay.has_last_day()) group.set_last_day(stay.last_day());
      group.set_count(group.count() + times);
      return group.count() > 0;
    }));
  }
  return absl::OkStatus();
}

// Something happened with the contact: it concerns those companies that it belonged to then.
absl::Status Touch(WorkspaceId workspace, const v1::CompaniesOfContact& row, absl::Time time,
                   ViewBatch& batch) {
  const int64_t day = DayNumber(absl::ToCivilDay(time, absl::UTCTimeZone()));
  for (const v1::CompanyStay& stay : row.stays()) {
    if (LastDayOf(stay) < day) continue;
    KITH_RETURN_IF_ERROR(NoteActivity(workspace, stay.company(), time, batch));
  }
  return absl::OkStatus();
}

absl::Status ApplyChange(const projections::RowChange& change, absl::Time time, ViewBatch& batch) {
  const WorkspaceId workspace = change.workspace();
  const v1::CompaniesOfContact before = StaysOf(change.before<Contact>());
  const v1::CompaniesOfContact after = StaysOf(change.after<Contact>());
  KITH_RETURN_IF_ERROR(Touch(workspace, before, time, batch));
  KITH_RETURN_IF_ERROR(Touch(workspace, after, time, batch));
  if (before.SerializeAsString() == after.SerializeAsString()) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(Count(workspace, before, -1, batch));
  KITH_RETURN_IF_ERROR(Count(workspace, after, 1, batch));
  if (!after.stays().empty()) {
    ContactRows().Set(batch, workspace, after);
  } else if (!before.stays().empty()) {
    ContactRows().Erase(batch, workspace, before.contact());
  }
  return absl::OkStatus();
}

absl::Status TouchRecord(WorkspaceId workspace, absl::string_view record, absl::Time time,
                         ViewBatch& batch) {
  if (absl::StartsWith(record, kCompanies)) return NoteActivity(workspace, record, time, batch);
  if (!absl::StartsWith(record, kContacts)) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const auto row, ContactRows().Get(batch, workspace, record));
  return row.has_value() ? Touch(workspace, *row, time, batch) : absl::OkStatus();
}

}  // namespace

bool CompanyPeople::Takes(const eventstore::RecordedEvent& event) const {
  return projections::IsAbout(kContacts, event) || projections::IsAbout(kCompanies, event);
}

absl::Status CompanyPeople::Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const {
  const eventstore::EventHeader& header = event.header();
  for (const projections::RowChange& change : batch.changes()) {
    KITH_RETURN_IF_ERROR(ApplyChange(change, header.occur_time, batch));
  }
  const absl::string_view category = eventstore::CategoryOf(header.stream);
  if (category == "companies") {
    return NoteActivity(header.workspace, header.stream, header.occur_time, batch);
  }
  if (category != "interactions") return absl::OkStatus();
  return projections::ForEachTouchedRecord(event, [&](absl::string_view record, absl::Time time) {
    return TouchRecord(header.workspace, record, time, batch);
  });
}

absl::StatusOr<PeopleCount> CountPeople(const projections::ViewSnapshot& snapshot,
                                        WorkspaceId workspace,
                                        const std::vector<std::string>& names, absl::CivilDay day) {
  PeopleCount count;
  for (const std::string& name : names) {
    KITH_RETURN_IF_ERROR(Groups().Scan(
        snapshot, workspace, projections::KeyRange::Prefix(projections::KeyOf(name)),
        [&](const v1::CompanyPeopleGroup& group) {
          (LastDayOf(group) < DayNumber(day) ? count.former : count.present) += group.count();
          return true;
        }));
  }
  return count;
}

}  // namespace kith::companies
