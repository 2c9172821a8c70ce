// TransactFixture: Transact over a log in memory that can be closed and opened again.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/memory/memory_engine.h"
#include "gtest/gtest.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "services/core/reject.h"
#include "services/runtime/commands/transact.h"
#include "services/runtime/requests/request_key.h"
#include "tests/services/runtime/person.h"
#include "tests/testing/manual_clock.h"
#include "tests/testing/seeded_random.h"

namespace kith::runtime {

class TransactFixture : public ::testing::Test {
 protected:
  static constexpr WorkspaceId kWorkspace{1};

  explicit TransactFixture(const TransactOptions& options = {}) : options_(options) {
    registry_.Register<contacts::v1::ContactEvent>("contacts");
    Open();
  }
  ~TransactFixture() override { Close(); }

  void Open() {
    // Two, because a test's decision may itself wait for an append.
    pools_ = std::make_unique<Pools>(PoolsOptions{.completions = {.threads = 2}});
    auto log = eventstore::OpenEventLog(eventstore::NewMemoryEngine(disk_), *keys_, clock_,
                                        pools_->completions, {});
    KITH_CHECK(log.ok());
    log_ = *std::move(log);
    transact_ = std::make_unique<Transact>(
        Transact::Environment{*log_, registry_, *keys_, clock_, random_, ulids_, *pools_},
        options_);
  }
  void Close() {
    pools_->reads.Stop();
    pools_->folds.Stop();
    log_.reset();
    pools_->completions.Stop();
    transact_.reset();
  }
  void Reopen() {
    Close();
    Open();
  }

  // The origin of a request with this id whose whole content is `content`.
  Origin OriginOf(absl::string_view id = "", absl::string_view content = "") const {
    Origin origin;
    origin.caller = caller_;
    contacts::v1::GetContactRequest request;
    request.set_name(std::string(content));
    origin.request = MakeRequestKey(*keys_, kWorkspace, "test/Command", id, request, nullptr);
    return origin;
  }

  // What a command told its caller.
  struct Answer {
    absl::Status status;
    std::string first_name;
    bool repeated = false;
    size_t events = 0;
    std::string secret;
  };

  using Decide = absl::FunctionRef<Decision(Loader&, const CommandContext&)>;
  Answer Run(const Origin& origin, Decide decide, absl::string_view stream = "contacts/1") {
    Answer answer;
    const std::string name(stream);
    answer.status = transact_->RunAndWait(
        origin, kWorkspace, decide, [&answer, name](Rendering& after) -> absl::Status {
          KITH_ASSIGN_OR_RETURN(const PersonState* state, after.Load<PersonAggregate>(name));
          answer.first_name = state->first_name;
          answer.repeated = after.repeated();
          answer.events = after.events().size();
          answer.secret = after.secret();
          return absl::OkStatus();
        });
    return answer;
  }

  // Creates the person unless there is one of that name.
  static Decision Create(Loader& load, absl::string_view name, absl::string_view first) {
    KITH_ASSIGN_OR_RETURN(const PersonState* state, load.Load<PersonAggregate>(name));
    if (state->exists) {
      return RejectResource(type::v1::ERROR_REQUEST_ID_REUSED, "There is one already.", name);
    }
    return Changes().Append(name, PersonCreated(name, first));
  }
  static Decision Rename(Loader& load, absl::string_view name, absl::string_view first) {
    KITH_ASSIGN_OR_RETURN(const PersonState* state, load.Load<PersonAggregate>(name));
    if (!state->exists) return Reject(type::v1::ERROR_OUT_OF_RANGE, "There is none.");
    if (state->first_name == first) return NoChange();
    return Changes().Append(name, PersonRenamed(name, first));
  }
  static Decision Delete(Loader& load, absl::string_view name) {
    KITH_ASSIGN_OR_RETURN(const PersonState* state, load.Load<PersonAggregate>(name));
    if (!state->exists) return NoChange();
    return Changes().Append(name, PersonDeleted(name));
  }
  Answer Create(absl::string_view name, absl::string_view first, absl::string_view id = "") {
    return Run(
        OriginOf(id, absl::StrCat("create ", name, " ", first)),
        [&](Loader& load, const CommandContext&) { return Create(load, name, first); }, name);
  }
  Answer Rename(absl::string_view name, absl::string_view first, absl::string_view id = "") {
    return Run(
        OriginOf(id, absl::StrCat("rename ", name, " ", first)),
        [&](Loader& load, const CommandContext&) { return Rename(load, name, first); }, name);
  }
  Answer Delete(absl::string_view name, absl::string_view id = "") {
    return Run(
        OriginOf(id, absl::StrCat("delete ", name)),
        [&](Loader& load, const CommandContext&) { return Delete(load, name); }, name);
  }

  // Appends past Transact, as another writer would.
  void AppendBehind(absl::string_view stream, const contacts::v1::ContactEvent& event,
                    std::vector<eventstore::Tag> tags = {}) {
    eventstore::Append append;
    append.workspace = kWorkspace;
    append.actor = "other";
    auto encoded = registry_.Encode("contacts", event);
    encoded.occur_time = clock_.Now();
    encoded.tags = std::move(tags);
    append.streams.push_back({std::string(stream), {std::move(encoded)}});
    KITH_CHECK(log_->AppendAndWait(std::move(append)).ok());
  }
  uint64_t Events() const { return log_->head().value(); }

  const TransactOptions options_;
  std::shared_ptr<eventstore::MemoryDisk> disk_ = std::make_shared<eventstore::MemoryDisk>();
  testing::ManualClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  testing::SeededRandom random_{17};
  UlidGenerator ulids_{clock_, random_};
  eventstore::EventRegistry registry_;
  std::unique_ptr<eventstore::KeyStore> keys_ = eventstore::NewMemoryKeyStore(random_);
  std::shared_ptr<const Caller> caller_ = std::make_shared<Caller>(
      Caller{kWorkspace, "tester", Grants(), std::make_shared<Settings>()});
  std::unique_ptr<Pools> pools_;
  std::unique_ptr<eventstore::EventLog> log_;
  std::unique_ptr<Transact> transact_;
};

}  // namespace kith::runtime
