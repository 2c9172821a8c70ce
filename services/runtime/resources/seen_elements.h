// SeenElements: which elements of a record's lists a read tells its caller: those that name a
// record which the caller may see, as ResourceRules::seen_elements says.
//
// Whose the named record is, is asked as of the moment of the read; one that is not there is seen
// by who may see all of its kind.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "projections/tables/merged_names.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/resources/visibility.h"

namespace kith::runtime {

struct Runtime;

// Immutable; any thread.
class SeenElements {
 public:
  // Borrows all. Aborts where the elements link to records that are none of these resources.
  SeenElements(const std::vector<ResourceType>& types, const ResourceType& type,
               const Runtime& runtime);

  // Whether there is anything that may be left out.
  bool hides() const { return !lists_.empty(); }
  // The views that a read needs: that of the records first.
  const ReadViews& views() const { return views_; }
  // Leaves out of the record, or of each that the reply has, what the caller may not see.
  absl::Status Hide(const ReadContext& context, google::protobuf::Message& reply) const;

 private:
  struct List {
    const google::protobuf::FieldDescriptor* list;
    const google::protobuf::FieldDescriptor* link;
    const ResourceType* named;
    const projections::View* view;
    Visibility visibility;
    projections::MergedNames merged;
  };

  absl::Status HideIn(const ReadContext& context, const List& list,
                      google::protobuf::Message& record) const;
  absl::StatusOr<bool> IsSeen(const ReadContext& context, const List& list,
                              const std::string& name) const;

  const google::protobuf::Descriptor* record_;
  std::vector<List> lists_;
  ReadViews views_;
};

}  // namespace kith::runtime
