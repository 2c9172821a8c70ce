#include "projections/engine/view_store.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/seal/key_store.h"
#include "projections/engine/build_memory.h"
#include "projections/engine/catch_up.h"
#include "projections/engine/event_decoder.h"
#include "projections/engine/feeder.h"
#include "projections/engine/fold_pool.h"
#include "projections/engine/lane.h"
#include "projections/engine/live_view.h"
#include "projections/store/versioned_store.h"

namespace kith::projections {
namespace {

// Persisted: the name of a generation's column family.
std::string FamilyName(const Projection& projection) {
  return absl::StrCat(projection.name(), ".", projection.version());
}

// That of the projection it is based on, which is one of `all`; empty where it is on none.
std::string BaseFamilyName(const Projection& projection,
                           const std::vector<std::unique_ptr<Projection>>& all) {
  if (projection.base().empty()) return "";
  const auto base = std::find_if(all.begin(), all.end(), [&](const auto& candidate) {
    return candidate->name() == projection.base();
  });
  KITH_CHECK(base != all.end() && (*base)->base().empty() && (*base)->told_table() != 0);
  return FamilyName(**base);
}

// That of the family of its index entries.
std::string IndexFamilyName(const Projection& projection) {
  return absl::StrCat(FamilyName(projection), kIndexSuffix);
}

bool HasFamily(const Projection& projection, absl::string_view family) {
  return family == FamilyName(projection) ||
         (projection.has_indexes() && family == IndexFamilyName(projection));
}

// Records that views which are built together keep for each other.
constexpr size_t kCatchUpBytes = 32 << 20;

// So that a view that hangs, or waits for its disk, does not hold up all.
constexpr unsigned kFoldThreadsMin = 2;

class LiveViewStore final : public ViewStore {
 public:
  LiveViewStore(const ViewStoreOptions& options, std::unique_ptr<VersionedStore> store,
                eventstore::EventLog& log, const eventstore::EventRegistry& registry,
                const eventstore::KeyStore& keys)
      : options_(options),
        store_(std::move(store)),
        log_(log),
        feed_begin_(log.head()),
        decoder_(registry, keys),
        catch_up_(log, decoder_, kCatchUpBytes),
        build_memory_(options.build_bytes),
        pool_(std::max(kFoldThreadsMin, std::thread::hardware_concurrency())) {}

  // In this order: nobody feeds, nobody folds, nobody waits, nobody reads, then the database.
  ~LiveViewStore() override {
    {
      MutexLock lock(mutex_);
      closing_ = true;
      changed_.NotifyAll();
    }
    if (ticker_.joinable()) ticker_.join();
    for (const auto& lane : lanes_) lane->Close();
    if (feeder_ != nullptr) feeder_->Stop();
    pool_.Stop();
    for (const auto& view : views_) view->Stop();
    store_.reset();
  }

  // Makes the directory one of the log: views of a future that a restore abandoned are dropped,
  // another log's are refused.
  absl::Status BelongToLog() {
    const StoreIdentity mine{std::string(log_.store_id()), log_.epoch()};
    KITH_ASSIGN_OR_RETURN(const std::optional<StoreIdentity> found, store_->Identity());
    if (found == mine) return absl::OkStatus();
    if (found.has_value() && found->store_id != mine.store_id) {
      return absl::FailedPreconditionError(
          absl::StrCat(options_.path,
                       " holds the views of another log; it is left untouched. If the log is the "
                       "right one, delete this directory "
                       "and start again: views are rebuilt."));
    }
    for (const std::string& family : store_->FamilyNames()) {
      KITH_RETURN_IF_ERROR(store_->Drop(family));
    }
    return store_->SetIdentity(mine);
  }

  // Drops the families of projections and versions that are no more.
  absl::Status DropOthers(const std::vector<std::unique_ptr<Projection>>& projections) {
    for (const std::string& family : store_->FamilyNames()) {
      const bool wanted =
          std::any_of(projections.begin(), projections.end(),
                      [&](const auto& projection) { return HasFamily(*projection, family); });
      if (!wanted) KITH_RETURN_IF_ERROR(store_->Drop(family));
    }
    return absl::OkStatus();
  }

  // Makes the families of those that are new.
  absl::Status CreateMissing(const std::vector<std::unique_ptr<Projection>>& projections) {
    std::vector<std::string> families;
    for (const auto& projection : projections) {
      families.push_back(FamilyName(*projection));
      if (projection->has_indexes()) families.push_back(IndexFamilyName(*projection));
    }
    return store_->CreateMissing(families);
  }

  absl::Status AddAll(std::vector<std::unique_ptr<Projection>> projections, Executor& executor) {
    std::vector<std::string> bases;  // the family of each one's base
    for (const auto& projection : projections) {
      bases.push_back(BaseFamilyName(*projection, projections));
    }
    for (size_t i = 0; i < projections.size(); ++i) {
      KITH_RETURN_IF_ERROR(Add(std::move(projections[i]), bases[i], executor));
    }
    AddLanes();
    return absl::OkStatus();
  }

  absl::Status Add(std::unique_ptr<Projection> projection, const std::string& base,
                   Executor& executor) {
    for (const auto& view : views_) KITH_CHECK(view->name() != projection->name());
    KITH_ASSIGN_OR_RETURN(ViewFamilies families, OpenFamilies(*projection));
    auto progress = ReadProgress(families);
    if (!progress.ok() && !absl::IsDataLoss(progress.status())) return progress.status();
    const std::string why_not = WhyNotOfUse(*projection, base, progress);
    if (!why_not.empty()) {
      if (options_.notice) {
        options_.notice(
            {std::string(projection->name()), ViewState::kBuilding, !progress.ok(),
             absl::StrCat("The view ", projection->name(), " is built anew: ", why_not)});
      }
      families = {};
      KITH_ASSIGN_OR_RETURN(families, Renew(*projection));
      progress = ViewProgress();
    }
    decoder_.Add(views_.size(), *projection);
    LiveView::Surroundings surroundings{options_, log_, executor,
                                        [this](absl::Duration time) { WakeAt(time); }};
    views_.push_back(std::make_unique<LiveView>(std::move(surroundings), views_.size(),
                                                std::move(projection), base, std::move(families),
                                                *progress));
    return absl::OkStatus();
  }

  void Start() {
    feeder_ = std::make_unique<Feeder>(log_, decoder_, lanes_, feed_begin_);
    for (const auto& lane : lanes_) lane->Start();
    feeder_->Start();
    if (!options_.manual_ticks) ticker_ = std::thread([this] { TickForEver(); });
  }

  View& Find(absl::string_view name) override {
    const auto found = std::find_if(views_.begin(), views_.end(),
                                    [&](const auto& view) { return view->name() == name; });
    KITH_CHECK(found != views_.end());
    return **found;
  }

  std::vector<ViewHealth> Health() const override {
    std::vector<ViewHealth> health;
    for (const auto& view : views_) health.push_back(view->Health());
    return health;
  }

  void Tick() override {
    const absl::Duration now = options_.clock->Elapsed();
    for (const auto& view : views_) view->Tick(now);
    for (const auto& lane : lanes_) lane->Tick(now);
  }

 private:
  // Why what was found of a view cannot be gone on with; empty where it can.
  std::string WhyNotOfUse(const Projection& projection, const std::string& base,
                          const absl::StatusOr<ViewProgress>& progress) const {
    if (!progress.ok()) return progress.status().ToString();
    if (progress->folded() != Position() && progress->base != base) {
      return absl::StrCat("it was folded over ",
                          progress->base.empty() ? "no other view" : progress->base,
                          ", and would now be over ", base.empty() ? "none" : base);
    }
    const Position last = std::max(progress->checkpoints.rows, progress->checkpoints.index);
    if (last > feed_begin_) return "it was folded from events that the log no longer has";
    // The keys of indexes hold normal forms.
    const bool same_forms = last == Position() || progress->normal_forms == NormalFormsVersion();
    if (same_forms || !projection.has_indexes()) return "";
    return absl::StrCat("its keys were made with ",
                        progress->normal_forms.empty() ? "libraries of a version not recorded"
                                                       : progress->normal_forms,
                        ", and would now be with ", NormalFormsVersion());
  }

  // A lane for each view that stands alone, and for each base and those that are based on it.
  void AddLanes() {
    Lane::Surroundings surroundings{options_,
                                    log_,
                                    catch_up_,
                                    pool_,
                                    build_memory_,
                                    feed_begin_,
                                    [this](absl::Duration time) { WakeAt(time); },
                                    [this](const Projection& damaged) { return Renew(damaged); },
                                    [this] { store_->Resume(); },
                                    [this] { return lane_numbers_++; }};
    for (const auto& base : views_) {
      if (!base->projection().base().empty()) continue;
      std::vector<LiveView*> views = {base.get()};
      for (const auto& view : views_) {
        if (view->projection().base() == base->name()) views.push_back(view.get());
      }
      lanes_.push_back(
          std::make_unique<Lane>(surroundings, surroundings.next_number(), std::move(views)));
    }
  }

  absl::StatusOr<ViewFamilies> OpenFamilies(const Projection& projection) {
    ViewFamilies families;
    KITH_ASSIGN_OR_RETURN(families.rows, store_->OpenOrCreate(FamilyName(projection)));
    if (projection.has_indexes()) {
      KITH_ASSIGN_OR_RETURN(families.index, store_->OpenOrCreateIndex(IndexFamilyName(projection)));
    }
    return families;
  }

  // Empty families in the place of those of the projection. Any thread.
  absl::StatusOr<ViewFamilies> Renew(const Projection& projection) {
    MutexLock lock(families_mutex_);
    for (const std::string& family : store_->FamilyNames()) {
      if (HasFamily(projection, family)) KITH_RETURN_IF_ERROR(store_->Drop(family));
    }
    return OpenFamilies(projection);
  }

  // A view asks for a tick. Waits usually end long before their deadline, so the ticker is
  // disturbed only for one that comes before the next tick.
  void WakeAt(absl::Duration time) {
    MutexLock lock(mutex_);
    if (time >= next_tick_) return;
    next_tick_ = time;
    changed_.NotifyAll();
  }

  void TickForEver() {
    MutexLock lock(mutex_);
    while (!closing_) {
      const absl::Duration now = options_.clock->Elapsed();
      if (now < next_tick_) {
        changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(next_tick_ - now));
        continue;
      }
      next_tick_ = now + options_.flush_interval / 4;
      lock.Unlock();
      Tick();
      absl::Duration deadline = absl::InfiniteDuration();
      for (const auto& view : views_) deadline = std::min(deadline, view->NextDeadline());
      lock.Lock();
      next_tick_ = std::min(next_tick_, deadline);
    }
  }

  const ViewStoreOptions options_;
  std::unique_ptr<VersionedStore> store_;
  eventstore::EventLog& log_;
  const Position feed_begin_;
  EventDecoder decoder_;
  CatchUp catch_up_;
  BuildMemory build_memory_;
  Mutex families_mutex_;  // held while families are dropped and made, once folding has begun
  std::atomic<size_t> lane_numbers_{0};
  FoldPool pool_;
  std::vector<std::unique_ptr<LiveView>> views_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<Feeder> feeder_;
  std::thread ticker_;

  Mutex mutex_;
  CondVar changed_;
  bool closing_ KITH_GUARDED_BY(mutex_) = false;
  absl::Duration next_tick_ KITH_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
};

}  // namespace

absl::StatusOr<std::unique_ptr<ViewStore>> ViewStore::Open(
    const ViewStoreOptions& options, eventstore::EventLog& log,
    const eventstore::EventRegistry& registry, const eventstore::KeyStore& keys, Executor& executor,
    std::vector<std::unique_ptr<Projection>> projections) {
  VersionedStoreOptions store_options;
  store_options.path = options.path;
  store_options.cache_bytes = options.cache_bytes;
  store_options.memtable_bytes = options.memtable_bytes;
  store_options.sorted_batch_bytes = options.sorted_batch_bytes;
  store_options.flush_on_close = options.flush_on_close;
  absl::Status damage;
  KITH_ASSIGN_OR_RETURN(auto versioned, VersionedStore::Open(store_options, &damage));
  if (!damage.ok() && options.notice) {
    options.notice({"", ViewState::kBuilding, /*is_error=*/true,
                    absl::StrCat("Every view is built anew: ", damage.message())});
  }
  return OpenOver(std::move(versioned), options, log, registry, keys, executor,
                  std::move(projections));
}

absl::StatusOr<std::unique_ptr<ViewStore>> ViewStore::OpenOver(
    std::unique_ptr<VersionedStore> versioned, const ViewStoreOptions& options,
    eventstore::EventLog& log, const eventstore::EventRegistry& registry,
    const eventstore::KeyStore& keys, Executor& executor,
    std::vector<std::unique_ptr<Projection>> projections) {
  auto store = std::make_unique<LiveViewStore>(options, std::move(versioned), log, registry, keys);
  KITH_RETURN_IF_ERROR(store->BelongToLog());
  KITH_RETURN_IF_ERROR(store->DropOthers(projections));
  KITH_RETURN_IF_ERROR(store->CreateMissing(projections));
  KITH_RETURN_IF_ERROR(store->AddAll(std::move(projections), executor));
  store->Start();
  return store;
}

}  // namespace kith::projections
