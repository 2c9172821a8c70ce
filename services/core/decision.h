// Decision: what a command does: the events it appends, or why it is refused.
//
// A decision may touch several streams of one workspace; they commit together or not at all. Plain
// values.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"

namespace kith {

// A value that an event claims, releases or is found by: {"contacts.email", "ada@example.com"}. It
// is stored as a keyed hash only. `purpose` is persisted inside that hash: renaming one is a
// migration.
struct Claim {
  std::string purpose;
  std::string value;
  friend bool operator==(const Claim&, const Claim&) = default;
};

// One event to be appended to `stream`.
struct Change {
  std::string stream;
  std::unique_ptr<const google::protobuf::Message> event;  // the category's event message
  std::vector<Claim> claims;
  std::optional<absl::Time> occurred = std::nullopt;  // null: when the decision says
  // It follows from the deletion of another record: whoever may delete that makes it, whose ever
  // this one is.
  bool is_consequence = false;
};

// Events in the order they are appended; empty means that there is nothing to do, which is not an
// error.
class Changes {
 public:
  // `event` is the stream's category's event message with one member set.
  template <class EventMessage>
  Changes& Append(absl::string_view stream, EventMessage event, std::vector<Claim> claims = {}) & {
    list_.push_back(
        {std::string(stream), std::make_unique<EventMessage>(std::move(event)), std::move(claims)});
    return *this;
  }
  template <class EventMessage>
  Changes Append(absl::string_view stream, EventMessage event, std::vector<Claim> claims = {}) && {
    Append(stream, std::move(event), std::move(claims));
    return std::move(*this);
  }

  // The same for a message of any type.
  Changes Add(Change change) && {
    list_.push_back(std::move(change));
    return std::move(*this);
  }

  // Something only the reply of this one call may tell, such as the secret of a new key; it is
  // stored nowhere.
  Changes WithSecret(std::string secret) && {
    secret_ = std::move(secret);
    return std::move(*this);
  }

  // The events happened then, and not when the context says: a decision that was told no time may
  // have to put off what it decides until after what happened before.
  Changes OccurredAt(absl::Time time) && {
    occurred_ = time;
    return std::move(*this);
  }

  bool empty() const { return list_.empty(); }
  const std::vector<Change>& list() const { return list_; }
  const std::string& secret() const { return secret_; }
  const std::optional<absl::Time>& occurred() const { return occurred_; }
  std::vector<Change> TakeList() && { return std::move(list_); }

 private:
  std::vector<Change> list_;
  std::string secret_;
  std::optional<absl::Time> occurred_;
};

using Decision = absl::StatusOr<Changes>;

// The command asks for what is already so.
inline Decision NoChange() { return Changes(); }

}  // namespace kith
