// CrmEvents: contacts, deals and what happens with them, as Kith's services write them to the log:
// the same messages, personal parts, tags and streams.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "eventstore/seal/key_store.h"
#include "services/cli/load/load_text.h"

namespace kith::bench {

// An event and the stream it belongs to.
struct StreamEvent {
  std::string stream;
  eventstore::NewEvent event;
};

// The same events for the same seed, but for ids that tell the time. One thread at a time.
class CrmEvents {
 public:
  // Borrows the keys. What is made has one of so many owners, at most 9,999.
  CrmEvents(WorkspaceId workspace, const eventstore::KeyStore& keys, uint64_t seed, int owners);

  // The team of the users made by NewUser.
  StreamEvent NewTeam();
  // The next of the owners, a sales rep; the first `of_team` are in the team. The one after all of
  // them is a sales manager, in the team.
  StreamEvent NewUser(int of_team);
  StreamEvent NewContact();
  // Of one of the contacts made before: an e-mail with 300 bytes of text.
  StreamEvent NewInteraction();
  // To be done in a hundred years, with a reminder.
  StreamEvent NewTask();
  // In an open stage of the default pipeline.
  StreamEvent NewDeal();
  // Of the deals made before, one after the other and then from the first again: with a chance of
  // `moves_percent` another stage, else another owner, amount and closing date.
  StreamEvent ChangeDeal(int moves_percent);
  // The next deal gets another amount, by which no versioned index finds it.
  StreamEvent RepriceDeal();

  // These events in one append, under a request id of its own. Consecutive events of one stream
  // stay in their order.
  eventstore::Append AppendOf(std::vector<StreamEvent> events, const std::string& method);

 private:
  struct Deal {
    std::string name;
    size_t stage = 0;
    absl::Time entered;
  };

  std::string RandomOwner();
  std::string NewId();
  StreamEvent Encode(absl::string_view category, const std::string& stream,
                     const google::protobuf::Message& event);

  const WorkspaceId workspace_;
  const eventstore::KeyStore& keys_;
  eventstore::EventRegistry registry_;
  std::mt19937_64 random_;
  const int owners_;
  int users_ = 0;
  cli::LoadText text_;
  std::vector<std::string> contacts_;
  std::vector<Deal> deals_;
  size_t next_deal_ = 0;
};

}  // namespace kith::bench
