#include "tests/bench/raw_rocks.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "eventstore/base/check.h"
#include "eventstore/log/keys.h"
#include "eventstore/log/record_codec.h"
#include "eventstore/rocksdb/rocks_engine.h"

namespace kith::bench {

using eventstore::Append;
using eventstore::EventHeader;
using eventstore::NewEvent;
using eventstore::SealedPart;
using eventstore::Table;

RawRocks::RawRocks(const std::string& directory, eventstore::KeyStore& keys) : keys_(keys) {
  auto engine = eventstore::OpenRocksEngine({.data_dir = directory});
  KITH_CHECK(engine.ok());
  engine_ = *std::move(engine);
}

// What the log writes for these events: one entry an event in events, heads, streams, requests and
// tags, and one a batch in tree, times and workspaces. Every event has a stream's number of its
// own, so that no run of a stream is longer than one.
RawRocks::Entries RawRocks::Encode(const Append* begin, const Append* end) {
  Entries entries;
  const Position first(position_ + 1);
  std::string hashes;
  for (const Append* append = begin; append != end; ++append) {
    const std::string& stream = append->streams[0].stream;
    const NewEvent& event = append->streams[0].events[0];
    const Position position(++position_);
    EventHeader header{position,
                       append->workspace,
                       Sequence(position_),
                       stream,
                       Revision(position_),
                       position,
                       1,
                       event.type,
                       absl::Now(),
                       event.occur_time,
                       append->actor,
                       append->on_behalf_of,
                       append->request,
                       append->correlation_id};
    header.tags = event.tags;
    std::vector<SealedPart> sealed;
    for (const eventstore::PersonalPart& part : event.personal) {
      auto one = keys_.Seal(append->workspace, part, eventstore::ReadTier::kDisk);
      KITH_CHECK(one.ok());
      sealed.push_back(*std::move(one));
    }
    std::string bytes;
    const eventstore::Hash leaf =
        eventstore::AppendRecord(header, eventstore::EncodeBody(event.payload, sealed), &bytes);
    hashes.append(leaf.begin(), leaf.end());
    entries.push_back({Table::kEvents, eventstore::PositionKey(position), std::move(bytes)});
    entries.push_back({Table::kHeads, eventstore::HeadKey(append->workspace, stream),
                       eventstore::EncodeHead({Revision(position_), position})});
    entries.push_back(
        {Table::kStreams,
         eventstore::NumberedKey(eventstore::StreamPrefix(append->workspace, stream), position_),
         eventstore::EncodeRun({position_, position, 1})});
    entries.push_back(
        {Table::kRequests,
         eventstore::RequestIndexKey(append->workspace, append->request.method, append->request.id),
         eventstore::EncodePosition(position)});
    for (const eventstore::Tag& tag : event.tags) {
      entries.push_back(
          {Table::kTags,
           eventstore::NumberedKey(eventstore::TagPrefix(append->workspace, tag), position_), ""});
    }
  }
  entries.push_back({Table::kTree, eventstore::PositionKey(first), std::move(hashes)});
  entries.push_back({Table::kTimes, eventstore::TimeKey(absl::Now()),
                     eventstore::EncodePosition(Position(position_))});
  entries.push_back(
      {Table::kWorkspaces,
       eventstore::NumberedKey(eventstore::WorkspacePrefix(begin->workspace), first.value()),
       eventstore::EncodeRun({first.value(), first, static_cast<uint64_t>(end - begin)})});
  return entries;
}

double RawRocks::Write(const std::vector<Append>& appends, size_t batch) {
  std::vector<Entries> batches;
  for (size_t begin = 0; begin < appends.size(); begin += batch) {
    const size_t end = std::min(begin + batch, appends.size());
    batches.push_back(Encode(appends.data() + begin, appends.data() + end));
  }
  const auto write = engine_->NewBatch();
  const absl::Time begin = absl::Now();
  for (const Entries& entries : batches) {
    write->Clear();
    for (const Entry& entry : entries) write->Put(entry.table, entry.key, entry.value);
    KITH_CHECK(engine_->Commit(*write).ok());
  }
  return absl::ToDoubleSeconds(absl::Now() - begin);
}

}  // namespace kith::bench
