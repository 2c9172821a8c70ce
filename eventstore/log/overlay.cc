#include "eventstore/log/overlay.h"

namespace kith::eventstore {

void Overlay::Reset(Position head) {
  current_ = Generation();
  previous_ = Generation();
  current_.begins_after = head;
  previous_.begins_after = head;
  floor_ = head;
  batches_ = 0;
}

const StreamHead* Overlay::FindStream(absl::string_view head_key) const {
  for (const Generation* generation : {&current_, &previous_}) {
    const auto found = generation->streams.find(head_key);
    if (found != generation->streams.end()) return &found->second;
  }
  return nullptr;
}

const Overlay::Request* Overlay::FindRequest(absl::string_view request_key) const {
  for (const Generation* generation : {&current_, &previous_}) {
    const auto found = generation->requests.find(request_key);
    if (found != generation->requests.end()) return &found->second;
  }
  return nullptr;
}

Position Overlay::LastTagged(WorkspaceId workspace, const Tag& tag) const {
  const TagKey key(workspace, tag);
  for (const Generation* generation : {&current_, &previous_}) {
    const auto found = generation->tags.find(key);
    if (found != generation->tags.end()) return found->second;
  }
  return Position();
}

void Overlay::SetStream(std::string head_key, StreamHead head) {
  current_.streams.insert_or_assign(std::move(head_key), head);
}

void Overlay::SetRequest(std::string request_key, Request request) {
  current_.requests.insert_or_assign(std::move(request_key), std::move(request));
}

void Overlay::SetTagged(WorkspaceId workspace, const Tag& tag, Position position) {
  current_.tags.insert_or_assign(TagKey(workspace, tag), position);
}

void Overlay::EndBatch(Position last) {
  if (++batches_ < batches_max_) return;
  batches_ = 0;
  floor_ = current_.begins_after;
  previous_ = std::move(current_);
  current_ = Generation();
  current_.begins_after = last;
}

}  // namespace kith::eventstore
