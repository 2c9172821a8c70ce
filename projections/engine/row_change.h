// RowChange: what an event made of one row of a projection that others are based on.
#pragma once

#include <memory>
#include <utility>

#include "eventstore/base/strong_id.h"
#include "google/protobuf/message.h"

namespace kith::projections {

// A value. Where an event changed a row twice there are two, in their order. Never both null, and
// never two that are the same.
class RowChange {
 public:
  RowChange(WorkspaceId workspace, std::shared_ptr<const google::protobuf::Message> before,
            std::shared_ptr<const google::protobuf::Message> after)
      : workspace_(workspace), before_(std::move(before)), after_(std::move(after)) {}

  WorkspaceId workspace() const { return workspace_; }
  // Null: the row was not there, or is not any more. `Row` is what the base's table holds.
  template <class Row>
  const Row* before() const {
    return static_cast<const Row*>(before_.get());
  }
  template <class Row>
  const Row* after() const {
    return static_cast<const Row*>(after_.get());
  }

 private:
  WorkspaceId workspace_;
  std::shared_ptr<const google::protobuf::Message> before_;
  std::shared_ptr<const google::protobuf::Message> after_;
};

}  // namespace kith::projections
