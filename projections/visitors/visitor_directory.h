// The visitor directory: which visitors there are, of which site, and who they are.
#pragma once

#include "kith/visitors/v1/visitor.pb.h"
#include "projections/tables/resource_directory.h"
#include "projections/visitors/visitor_fold.h"

namespace kith::visitors {

class VisitorDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "visitor_directory";

  // Beside every field. By index: contact, create_time, owner, with create_time, last_view_time,
  // and site with last_view_time, of which there are indexes of now only; and custom fields that
  // have a slot.
  static const projections::Table<v1::Visitor>& Visitors();

  VisitorDirectory() : ResourceDirectory(kName, 1, "visitors", Visitors().core(), Fold) {}

 private:
  static StandardEvent Fold(const Happening& happening, google::protobuf::Message& visitor) {
    return FoldVisitor(happening, static_cast<v1::Visitor&>(visitor));
  }
};

}  // namespace kith::visitors
