// TimelineReader: answers from the timeline view, whose rows point to the records in the log. What
// was redacted since is told as of no moment. The timeline of a contact or company is that of all
// its names: its own, and those of what was merged into it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/log/event_registry.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "kith/visitors/v1/visitor_events.pb.h"
#include "services/interactions/interaction_reader.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/runtime.h"

namespace kith::interactions {

// Any thread, but not gRPC's: it reads from disk. Borrows the registry and the methods.
class TimelineReader {
 public:
  TimelineReader(const InteractionReader& interactions, const runtime::Runtime& runtime,
                 const runtime::MethodTable& methods)
      : interactions_(interactions),
        registry_(runtime.registry),
        runtime_(runtime),
        methods_(methods),
        contacts_(runtime.views.Find("contact_directory")),
        companies_(runtime.views.Find("company_directory")) {}

  // The views that the timeline of the record is read with, and those of the people of a company.
  runtime::ReadViews ViewsFor(absl::string_view parent) const;
  runtime::ReadViews ViewsForPeople(absl::string_view company) const;

  // Whether the caller sees one of the records that the interaction is about, as OwnedRecords::Sees
  // does, and may read interactions of that one.
  absl::StatusOr<bool> Sees(const runtime::ReadContext& context,
                            const v1::Interaction& interaction) const;

  // INTERACTIONS_ERROR_INTERACTION_NOT_FOUND.
  absl::Status Get(const runtime::ReadContext& context, const v1::GetInteractionRequest& request,
                   v1::Interaction* response) const;
  absl::Status BatchGet(const runtime::ReadContext& context,
                        const v1::BatchGetInteractionsRequest& request,
                        v1::BatchGetInteractionsResponse* response) const;
  // The parent's own changes are left out where the caller may not read it.
  // INTERACTIONS_ERROR_LINKED_RECORD_NOT_FOUND when nothing ever happened with the parent, not even
  // its creation, or it is hidden from the caller; ERROR_PERMISSION_DENIED where they see it, but
  // may not read its interactions; ERROR_INVALID_PAGE_TOKEN, ERROR_INVALID_FIELD.
  absl::Status List(const runtime::ReadContext& context, const v1::ListTimelineRequest& request,
                    v1::ListTimelineResponse* response) const;

  // INTERACTIONS_ERROR_LINKED_RECORD_NOT_FOUND and ERROR_PERMISSION_DENIED as List.
  absl::Status Summarize(const runtime::ReadContext& context,
                         const v1::SummarizeTimelineRequest& request,
                         v1::TimelineSummary* response) const;

  // The same of the interactions with the people of a company. What the caller may not read of them
  // is left out. INTERACTIONS_ERROR_LINKED_RECORD_NOT_FOUND as List; ERROR_PERMISSION_DENIED where
  // the caller may read no contacts.
  absl::Status ListOfPeople(const runtime::ReadContext& context,
                            const v1::ListPeopleTimelineRequest& request,
                            v1::ListTimelineResponse* response) const;
  absl::Status SummarizeOfPeople(const runtime::ReadContext& context,
                                 const v1::SummarizePeopleTimelineRequest& request,
                                 v1::TimelineSummary* response) const;

 private:
  // Those who belong to a company, as far as the caller may read interactions with them.
  struct People {
    std::vector<std::string> names;  // all that each of them has
    bool are_all = true;             // there are no more than are looked at
  };

  absl::StatusOr<People> PeopleOf(const runtime::ReadContext& context,
                                  const std::string& company) const;
  // All names that mean the record.
  absl::StatusOr<std::vector<std::string>> NamesOf(const runtime::ReadContext& context,
                                                   const std::string& parent) const;
  // Whether the caller may read the timeline of the record.
  absl::Status CheckParent(const runtime::ReadContext& context, const std::string& name) const;
  // What a timeline of nothing is answered: INTERACTIONS_ERROR_LINKED_RECORD_NOT_FOUND where
  // nothing ever happened with the parent. `is_told`: the caller may read it, and is told when it
  // came into being.
  absl::Status CheckKnown(const runtime::ReadContext& context, const std::string& parent,
                          const std::vector<std::string>& names, bool is_told) const;
  // Whether the caller may read records of the parent's kind.
  bool ReadsKind(const runtime::ReadContext& context, absl::string_view parent) const;
  // Whether the caller may read messages to the contact.
  absl::StatusOr<bool> ReadsMessages(const runtime::ReadContext& context,
                                     const std::string& parent) const;
  // As of the moment of the read, but for what was redacted since; nullopt where there was none
  // that the caller sees.
  absl::StatusOr<std::optional<v1::Interaction>> Find(const runtime::ReadContext& context,
                                                      const std::string& name) const;
  // Whether the caller may read what else stands in the contact's timeline, by this permission.
  absl::StatusOr<bool> ReadsOthers(const runtime::ReadContext& context, const std::string& parent,
                                   const std::string& permission) const;
  // The visit that began then, as it is as of the moment of the read.
  absl::Status RenderVisit(const runtime::ReadContext& context,
                           const visitors::v1::VisitorPagesViewed& begun,
                           v1::TimelineEntry* entry) const;
  absl::Status RenderEntry(const runtime::ReadContext& context,
                           const projections::TimelineEvent& at, v1::TimelineEntry* entry) const;
  // Hides what was redacted after the moment that the read is as of.
  absl::Status HideRedacted(const runtime::ReadContext& context,
                            v1::Interaction& interaction) const;

  const InteractionReader interactions_;
  const eventstore::EventRegistry& registry_;
  const runtime::Runtime& runtime_;
  const runtime::MethodTable& methods_;
  projections::View& contacts_;
  projections::View& companies_;
};

}  // namespace kith::interactions
