// WorkspaceTurns: what waits to be begun, one workspace after another, so that much of one does not
// hold up another's. Not thread-safe.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "eventstore/base/strong_id.h"

namespace kith::runtime {

class WorkspaceTurns {
 public:
  using Key = std::pair<WorkspaceId, std::string>;

  bool empty() const { return turns_.empty(); }
  // The first of the workspace whose turn it is. Not empty.
  Key front() const {
    const WorkspaceId workspace = turns_.front();
    return {workspace, waiting_.at(workspace).front()};
  }
  // The next workspace has its turn.
  void pop_front() {
    const WorkspaceId workspace = turns_.front();
    turns_.pop_front();
    const auto waiting = waiting_.find(workspace);
    waiting->second.pop_front();
    if (waiting->second.empty()) {
      waiting_.erase(waiting);
    } else {
      turns_.push_back(workspace);
    }
  }
  void push_back(Key key) { Of(key.first).push_back(std::move(key.second)); }
  // Before the others of its workspace.
  void push_front(Key key) { Of(key.first).push_front(std::move(key.second)); }

 private:
  std::deque<std::string>& Of(WorkspaceId workspace) {
    const auto [waiting, is_new] = waiting_.try_emplace(workspace);
    if (is_new) turns_.push_back(workspace);
    return waiting->second;
  }

  std::map<WorkspaceId, std::deque<std::string>> waiting_;  // none is empty
  std::deque<WorkspaceId> turns_;                           // each of those once
};

}  // namespace kith::runtime
